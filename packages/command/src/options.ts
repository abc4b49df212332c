// Options of a command that runs a model, and their defaults.
import { referenceEngine } from '@whyslow/measure/engines/index.ts'
import type { EngineOptions } from '@whyslow/measure/engines/types.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'
import type { StageProgress } from './progress.ts'

export interface WhyOptions {
  /** Shapes by input name. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** Values by input name, as on the command line: '16000' or '1,2,3'. */
  readonly values: ReadonlyMap<string, string>
  /** A file or folder with inputs: npz, npy, csv, json, ONNX test data. null: synthetic inputs. */
  readonly data: string | null
  readonly labels: string | null
  /** What the bytes of images in `data` become ('bgr,mean=104/117/123'); null: as a preprocessor_config.json next to the model says, else 0..1. */
  readonly pictures: string | null
  readonly batch: number | null
  /** The one to read of a .tflite file's signatures; null: the usual one, or the only one. */
  readonly signature: string | null
  /** null leaves it to the engine. */
  readonly threads: number | null
  readonly engine: string
  /** Sampling time of the latency over all processes, seconds; null: 2.5, or 0.9 with `quick`. */
  readonly seconds: number | null
  /** Three processes in place of five, no sweeps and no experiments. */
  readonly quick: boolean
  /** Folder the engine's package is taken from; null: the current folder's, else the one installed with whyslow. */
  readonly ort: string | null
  /** The browser that engines in a page are measured in; null: the one that is installed. */
  readonly browser: string | null
  /** A folder that has OpenVINO's C library, or the library; null: where it usually is. */
  readonly openvino: string | null
  /** A folder that has LiteRT's library, or the library; null: where it usually is. */
  readonly litert: string | null
  /** A Python interpreter, or its environment, whose packages have what an engine needs; null: the current environment's. */
  readonly python: string | null
  readonly graphOptimization: EngineOptions['graphOptimization']
  readonly configEntries: Readonly<Record<string, string>>
  /** Folder where the inputs used are kept; null: they are not. */
  readonly saveInputs: string | null
  readonly cache: 'use' | 'refresh' | 'off'
  /** Resident size at which a trial is ended, bytes; null: nine tenths of the machine's or the container's. */
  readonly memoryLimitBytes: number | null
  /** Where trials run. */
  readonly trials: TrialRunner
  readonly onProgress?: (progress: StageProgress) => void
  readonly signal?: AbortSignal
}

/** Options that say where engines are; null: the usual places. */
const NO_PLACES = { ort: null, browser: null, openvino: null, litert: null, python: null }
export const PLACES = Object.keys(NO_PLACES) as (keyof typeof NO_PLACES)[]
export type PlaceOptions = Pick<WhyOptions, keyof typeof NO_PLACES>

export const DEFAULTS: WhyOptions = {
  shapes: new Map(),
  values: new Map(),
  data: null,
  labels: null,
  pictures: null,
  batch: null,
  signature: null,
  threads: null,
  engine: referenceEngine.id,
  seconds: null,
  quick: false,
  ...NO_PLACES,
  graphOptimization: 'all',
  configEntries: {},
  saveInputs: null,
  cache: 'use',
  memoryLimitBytes: null,
  trials: localTrials,
}
