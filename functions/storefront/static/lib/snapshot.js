// The store's catalogue on the phone, for when the network drops.

export async function productAt() {
  return null;
}
