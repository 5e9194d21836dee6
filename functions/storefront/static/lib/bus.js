// What happens in the app, told to whoever shows it.
//   visit      it began, its token was renewed, or it ended (detail: "begun", "renewed", "over", "left")
//   cart       there is a newer cart (detail: the cart, or null when only the queue changed)
//   price      a line of the cart costs another price (detail: name, old, now, currency)
//   notice     the store told the shopper something (detail: the notice)
//   network    it went away or came back (detail: true when it is there)

const target = new EventTarget();

export function tell(what, detail) {
  target.dispatchEvent(new CustomEvent(what, { detail }));
}

/** Listen; the function that comes back stops it. */
export function hear(what, listener) {
  const wrapped = (event) => listener(event.detail);
  target.addEventListener(what, wrapped);
  return () => target.removeEventListener(what, wrapped);
}
