// The usual preprocessing as it is written first: plain loops, one thing at a time. What the fast kernels are compared with, element by element.

/** (x * scale - mean) / std by channel, channels last. */
export function normalize(picture: ArrayLike<number>, { mean, std, scale = 1 }: Normalization): number[] {
  const made: number[] = []
  const channels = mean.length
  for (let k = 0; k < picture.length; k++) {
    const c = k % channels
    made.push((picture[k]! * scale - mean[c]!) / std[c]!)
  }
  return made
}

export interface Normalization {
  /** One for each channel. */
  readonly mean: readonly number[]
  readonly std: readonly number[]
  /** 1/255 if mean and std are of 0..1 and the image is bytes. */
  readonly scale?: number
}

export interface PictureSize {
  readonly height: number
  readonly width: number
  readonly channels: number
}

/** Channels last to channels first. */
export function hwcToChw(picture: ArrayLike<number>, { height, width, channels }: PictureSize): number[] {
  const made = new Array<number>(height * width * channels).fill(0)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let c = 0; c < channels; c++) made[(c * height + y) * width + x] = picture[(y * width + x) * channels + c]!
  return made
}

/** Channels first to channels last. */
export function chwToHwc(picture: ArrayLike<number>, { height, width, channels }: PictureSize): number[] {
  const made = new Array<number>(height * width * channels).fill(0)
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) made[(y * width + x) * channels + c] = picture[(c * height + y) * width + x]!
  return made
}

/** 0..255 to 0..1. */
export function toFloat(bytes: ArrayLike<number>): number[] {
  const made: number[] = []
  for (let k = 0; k < bytes.length; k++) made.push(bytes[k]! / 255)
  return made
}

/** 0..1 to 0..255: rounded to the nearest, halves up, what is outside cut off, NaN 0. */
export function toBytes(floats: ArrayLike<number>): number[] {
  const made: number[] = []
  for (let k = 0; k < floats.length; k++) {
    const value = Math.floor(floats[k]! * 255 + 0.5)
    made.push(value > 0 ? Math.min(value, 255) : 0)
  }
  return made
}

/** Bilinear, pixels by their centres (half_pixel), as ONNX's Resize and cv2.INTER_LINEAR have it; channels last. */
export function resize(
  picture: ArrayLike<number>,
  from: PictureSize,
  to: { readonly height: number; readonly width: number },
): number[] {
  const made: number[] = []
  const { height, width, channels } = from
  const at = (y: number, x: number, c: number) => picture[(y * width + x) * channels + c]!
  for (let y = 0; y < to.height; y++) {
    const fy = Math.max(0, ((y + 0.5) * height) / to.height - 0.5)
    const y0 = Math.min(Math.floor(fy), height - 1)
    const y1 = Math.min(y0 + 1, height - 1)
    for (let x = 0; x < to.width; x++) {
      const fx = Math.max(0, ((x + 0.5) * width) / to.width - 0.5)
      const x0 = Math.min(Math.floor(fx), width - 1)
      const x1 = Math.min(x0 + 1, width - 1)
      for (let c = 0; c < channels; c++) {
        const top = at(y0, x0, c) + (at(y0, x1, c) - at(y0, x0, c)) * (fx - x0)
        const bottom = at(y1, x0, c) + (at(y1, x1, c) - at(y1, x0, c)) * (fx - x0)
        made.push(top + (bottom - top) * (fy - y0))
      }
    }
  }
  return made
}

/** A row of zeros for each label, with a one at its place; a label outside has no one. */
export function oneHot(labels: ArrayLike<number>, classes: number): number[] {
  const made: number[] = []
  for (let k = 0; k < labels.length; k++) for (let c = 0; c < classes; c++) made.push(labels[k] === c ? 1 : 0)
  return made
}

/** (x - mean) / std by column, as scikit-learn's StandardScaler. */
export function standardScale(rows: ArrayLike<number>, mean: readonly number[], std: readonly number[]): number[] {
  const made: number[] = []
  for (let k = 0; k < rows.length; k++) made.push((rows[k]! - mean[k % mean.length]!) / std[k % mean.length]!)
  return made
}

/** Frames of a signal, `hop` apart, each times a periodic Hann window: what log-mel features begin with. */
export function windows(signal: ArrayLike<number>, { size, hop }: Framing): number[] {
  const made: number[] = []
  for (let start = 0; start + size <= signal.length; start += hop)
    for (let k = 0; k < size; k++) made.push(signal[start + k]! * (0.5 - 0.5 * Math.cos((2 * Math.PI * k) / size)))
  return made
}

export interface Framing {
  /** Samples in a frame. */
  readonly size: number
  /** Samples from one frame's start to the next one's. */
  readonly hop: number
}

/** Rows of different lengths as one array, the shorter ones filled up; as long as the longest. */
export function padStack(rows: readonly ArrayLike<number>[], fill = 0): number[] {
  const width = Math.max(0, ...rows.map(({ length }) => length))
  const made: number[] = []
  for (const row of rows) for (let k = 0; k < width; k++) made.push(k < row.length ? row[k]! : fill)
  return made
}
