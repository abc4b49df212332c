// The usual preprocessing, fast: whyslow/kernels. Plain loops that say what each computes are in `plain`.
export {
  chwToHwc,
  hwcToChw,
  normalize,
  oneHot,
  padStack,
  resize,
  standardScale,
  toBytes,
  toFloat,
  toTensor,
  windows,
} from './fast.ts'
export type { Framing, Normalization, PictureSize } from './plain.ts'
export * as plain from './plain.ts'
export {
  type AffineKernel,
  affineKernel,
  type BytesKernel,
  bytesKernel,
  hasSimd,
  type LayoutKernel,
  layoutKernel,
  type TensorKernel,
  tensorKernel,
} from './simd.ts'
