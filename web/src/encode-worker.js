// Makes JPEG files of pictures, in a worker: encoding does not hold up the page.

self.onmessage = async ({ data: { id, bitmap, quality } }) => {
  try {
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0);
    bitmap.close();
    self.postMessage({ id, jpeg: await canvas.convertToBlob({ type: "image/jpeg", quality }) });
  } catch {
    self.postMessage({ id, jpeg: null });
  }
};
