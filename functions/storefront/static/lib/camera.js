// Reading codes with the camera: the browser's own BarcodeDetector where it knows our codes, WebAssembly elsewhere.

import { t } from "./words.js";

const PRODUCTS = ["ean_13", "ean_8", "upc_a", "upc_e", "itf", "code_128", "qr_code", "data_matrix"];
const QR = ["qr_code"];
export const KINDS = { product: PRODUCTS, entrance: QR, card: [...PRODUCTS, "code_39"] };

// What ZXing calls them.
const ZXING = {
  ean_13: "EAN13", ean_8: "EAN8", upc_a: "UPCA", upc_e: "UPCE", itf: "ITF", code_128: "Code128", code_39: "Code39",
  qr_code: "QRCode", data_matrix: "DataMatrix",
};
const EVERY_MS = 120;
const WIDEST = 1280;

/**
 * Show the camera in `video` and tell `found(text)` of every code that comes into view; the same one again only after
 * it was out of view. Returns a function that stops. Raises with a sentence when there is no camera or no permission.
 */
export async function watch(video, formats, found) {
  const stream = await camera();
  let running = true;
  const stop = () => {
    running = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
  try {
    video.srcObject = stream;
    await video.play();
    const read = await reader(formats);
    loop(video, read, found, () => running);
  } catch (error) {
    stop();
    throw error;
  }
  return stop;
}

async function camera() {
  try {
    return await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
  } catch (error) {
    const refused = error.name === "NotAllowedError";
    throw new Error(refused ? t("The camera may not be used. Type the code instead.") : t("There is no camera here."));
  }
}

async function loop(video, read, found, running) {
  let before = "";
  let missed = 0;
  while (running()) {
    const text = video.readyState >= 2 ? await read(video).catch(() => null) : null;
    if (text && text !== before && running()) found(text);
    missed = text ? 0 : missed + 1;
    if (text || missed > 10) before = text ?? "";
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

async function reader(formats) {
  if ("BarcodeDetector" in globalThis) {
    const known = await BarcodeDetector.getSupportedFormats();
    if (formats.includes("qr_code") ? known.includes("qr_code") && known.includes("ean_13") : known.length) {
      const detector = new BarcodeDetector({ formats: formats.filter((each) => known.includes(each)) });
      return async (video) => (await detector.detect(video))[0]?.rawValue;
    }
  }
  return webAssemblyReader(formats);
}

async function webAssemblyReader(formats) {
  const base = new URL("../vendor/zxing-wasm-3.1.4/reader/", import.meta.url);
  const { prepareZXingModule, readBarcodes } = await import(`${base}index.js`);
  prepareZXingModule({ overrides: { locateFile: (file) => `${base}${file}` } });
  const options = { formats: formats.map((each) => ZXING[each]), maxNumberOfSymbols: 1, tryHarder: true };
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return async (video) => {
    const scale = Math.min(1, WIDEST / video.videoWidth);
    canvas.width = video.videoWidth * scale;
    canvas.height = video.videoHeight * scale;
    context.drawImage(video, 0, 0, canvas.width, canvas.height);
    const codes = await readBarcodes(context.getImageData(0, 0, canvas.width, canvas.height), options);
    return codes.find((each) => each.isValid)?.text;
  };
}
