// What is shipped: everything the folder's files are made from, as plain data.

import type { Cut } from '@whyslow/graph/cut.ts'
import type { BackendFrom } from '@whyslow/measure/engines/python/python-folder.ts'
import type { InputDeclaration, ShippedLibrary } from '@whyslow/measure/engines/types.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { ModelProto } from 'onnx-buf'
import type { RemedySetup } from '../remedies/kit/remedy.ts'
import type { Serving } from './serving.ts'

export type Agreement = ReportDocument['trials'][number]['agreement']

/** The last comparison with the untouched original, in fresh processes. */
export interface ShippedResults {
  readonly beforeMs: number
  readonly afterMs: number
  /** before / after: 2 is twice as fast. */
  readonly speedup: number
  readonly speedupLow: number
  readonly speedupHigh: number
  readonly agreement: Agreement
  /** What was timed, as it follows a number: 'per sample', 'from load() to the first result'. Absent: 'per prediction'. */
  readonly per?: string
}

/** The code around the model that was moved into it. */
export interface Preprocessing {
  /** The input that now takes raw bytes. */
  readonly input: string
  /** What the model does with them, in order, one line each. */
  readonly steps: readonly string[]
}

export interface ShipPlan {
  /** The folder to write, as the user gave it. */
  readonly out: string
  /** An existing folder that is not whyslow's may be replaced. */
  readonly force: boolean
  /**
   * What was read. `proto`: the model as it was read; where `setup.model` still holds that very message, was read of the
   * format that the folder holds and has no external data, the file itself is copied, byte for byte.
   */
  readonly original: { readonly file: string; readonly sha256: string; readonly proto?: ModelProto }
  readonly setup: RemedySetup
  /** The model as bytes of the format that its library opens, if that is not ONNX. Throws InputError if it cannot be written. */
  readonly encode?: () => Uint8Array
  /** `package`: the npm package that the shipped code imports. `library`: what that calls, where it is another engine than onnxruntime. */
  readonly engine: {
    readonly id: string
    readonly version: string
    readonly package: string
    readonly precision?: string
    readonly library?: ShippedLibrary
    /** It is code that is written for the model, and needs no package. */
    readonly generated?: true
    /** It runs what stays of the model: what is before or behind these values is code that is written for it. */
    readonly cut?: Cut
  }
  /** Where it was measured. */
  readonly machine: { readonly cpu: string; readonly isa: readonly string[] }
  /** Ids of the remedies kept; none: the original model and settings are shipped. */
  readonly remedies: readonly string[]
  /** What they changed, one line each. */
  readonly changes: readonly string[]
  readonly report: ReportDocument
  /** The report as one self-contained page. */
  readonly html?: string
  /** As the shipped model declares them, without initializers. */
  readonly inputs: readonly InputDeclaration[]
  readonly outputs: readonly InputDeclaration[]
  readonly results: ShippedResults
  /** What `load({ worker: true })` adds to a prediction, ms; null: not measured. */
  readonly workerCostMs: number | null
  /** What its Python module does in the user's own Python, one line; absent: it was not tried. */
  readonly inPython?: string
  /** What predicts in Python with a model that is code, from a number of rows on; absent, none: as the module itself decides. */
  readonly backends?: readonly BackendFrom[]
  /** The folder gets no Python module, since that failed in the user's own Python; `inPython` says how. Absent: it gets one. */
  readonly leavesPythonOut?: true
  readonly toolVersion: string
  /** ISO 8601. */
  readonly createdAt: string
  readonly preprocessing?: Preprocessing
  /** As it was found to hold an objective. */
  readonly serving?: Serving
  /** Stops the writing; what was begun is removed, and `signal.reason` thrown. */
  readonly signal?: AbortSignal
}

/** What a folder needs to predict. */
export type RunnablePlan = Pick<
  ShipPlan,
  'original' | 'setup' | 'encode' | 'engine' | 'inputs' | 'outputs' | 'toolVersion' | 'signal' | 'serving' | 'backends'
>
