// The model that a path names: a file that a reader turns into a graph, or a PyTorch model, which the user's own interpreter exports first.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { isTorchFormat } from '@whyslow/formats/identify.ts'
import { identifyFile, type ReadOptions, readModel, readOnnx } from '@whyslow/formats/index.ts'
import { nameByModules } from '@whyslow/formats/torch/module-names.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { exportTorch, type TorchExport } from '@whyslow/measure/python/torch-export.ts'
import { significant } from '@whyslow/measure/statistics/numbers.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface OpenModelOptions extends ReadOptions {
  /** A Python interpreter, or its environment; null, absent: found. */
  readonly python?: string | null
  readonly signal?: AbortSignal | undefined
}

const PROGRAM = /\.pyw?$/i
/** A program that has `model()`, or may have it from elsewhere. */
const GIVES_MODEL = /^(def\s+model\s*\(|model\s*=|from\s+\S+\s+import\s.*\bmodel\b)/m

/**
 * The model in `file`. Throws InputError as `readModel` does, and where a PyTorch model cannot be exported, or computes something else then: with the reason and the line of the
 * user's own code. What is exported is removed when this process ends.
 */
export async function openModel(file: string, options: OpenModelOptions = {}): Promise<Model> {
  const format = torchFormatOf(file)
  if (format === null) return readModel(file, options)
  if (typeof options.signature === 'string')
    throw new InputError(`--signature ${options.signature}: ${file} is a PyTorch model, which has no signatures; leave it out`)
  const folder = temporaryFolder()
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }))
  const [out, example] = [path.join(folder, 'model.onnx'), path.join(folder, 'example.npz')]
  const { python = null, signal } = options
  const told = await exportTorch(file, { out, example, python, signal })
  if (told.equal === 'different') throw new InputError(difference(file, told))
  const { proto, source, ...read } = await readOnnx(out)
  const sha256 = createHash('sha256').update(fs.readFileSync(file)).update(source.sha256).digest('hex')
  return {
    ...read,
    proto: nameByModules(proto),
    source: { file, format, sha256, sizeBytes: source.sizeBytes },
    notes: [...(read.notes ?? []), ...notesOf(told)],
    ...(fs.existsSync(example) && { example }),
  }
}

/** What the file is to PyTorch, as identify.ts says it; null: it is not PyTorch's. */
export function torchFormatOf(file: string): 'torch-program' | 'torch-exported' | 'torchscript' | null {
  if (!fs.statSync(file, { throwIfNoEntry: false })?.isFile()) return null
  if (PROGRAM.test(file)) return GIVES_MODEL.test(fs.readFileSync(file, 'utf8')) ? 'torch-program' : null
  const { format } = identifyFile(file)
  return isTorchFormat(format) ? (format as 'torch-exported' | 'torchscript') : null
}

/** What is measured of another model would say nothing of this one. Exported for its test. */
export function difference(file: string, { error, compared }: Pick<TorchExport, 'error' | 'compared'>): string {
  const by =
    error === null
      ? 'in shape, in NaN or in values that are not floating-point'
      : `by ${significant(error * 100, 2)} % of the largest value`
  return `${file}: exported to ONNX, the model gives other outputs than eager mode on its example inputs: they differ ${by} (${compared}); to measure it in PyTorch: whyslow ${file}`
}

function notesOf({ exporter, torch, notes, equal, compared }: TorchExport): readonly string[] {
  const by = exporter === 'dynamo' ? 'torch.export' : 'the TorchScript exporter'
  const outputs =
    equal === null
      ? `outputs were not compared: ${compared}`
      : `on the example inputs outputs equal eager mode's ${equal === 'bits' ? 'bit for bit' : 'within rounding'} (${compared})`
  return [`exported by ${by} of PyTorch ${torch}; ${outputs}`, ...notes]
}
