// Built-in operators of TFLite, by name: how each is written as ONNX.
import type { WriteOperator, Writers } from '../operator.ts'
import { ACTIVATION } from './activations.ts'
import { ARITHMETIC } from './arithmetic.ts'
import { CONTROL } from './control.ts'
import { detections } from './detection.ts'
import { GATHER_OPERATORS } from './gathering.ts'
import { MATRICES } from './matrices.ts'
import { OTHER_OPERATORS } from './others.ts'
import { PADS } from './pads.ts'
import { RECURRENT } from './recurrent.ts'
import { REDUCTIONS } from './reductions.ts'
import { RESIZING } from './resizing.ts'
import { SHAPES } from './shapes.ts'
import { SPECTRA } from './spectra.ts'
import { STORAGE } from './storage.ts'
import { STRIDED_SLICE } from './strided-slice.ts'
import { WINDOWS } from './windows.ts'

export const WRITERS: Writers = {
  ...ARITHMETIC,
  ...ACTIVATION,
  ...WINDOWS,
  ...MATRICES,
  ...SHAPES,
  ...STRIDED_SLICE,
  ...PADS,
  ...REDUCTIONS,
  ...GATHER_OPERATORS,
  ...RESIZING,
  ...STORAGE,
  ...SPECTRA,
  ...RECURRENT,
  ...CONTROL,
  ...OTHER_OPERATORS,
}

/** Custom operators that LiteRT's own library has kernels for, by their names in the file. */
export const CUSTOM_WRITERS: Readonly<Record<string, WriteOperator>> = { TFLite_Detection_PostProcess: detections }
