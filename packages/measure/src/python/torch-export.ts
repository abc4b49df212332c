// A PyTorch model exported to ONNX in the user's own interpreter, in a process of its own: the user's file runs there, as they wrote it.
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { endInWords, startProcess, textFrom } from '../processes/start-process.ts'
import { COLLECTOR } from './collector.ts'
import { findInterpreter, isolatedEnvironment, probeInterpreter, pythonEnvironment } from './interpreter.ts'
import { isTorchFile } from './torch-endings.ts'

/** Large models are traced for minutes. */
const LONGEST_EXPORT_MS = 1_200_000

export interface TorchExport {
  /** 'dynamo' is torch.export. */
  readonly exporter: 'dynamo' | 'torchscript'
  /** Version of PyTorch. */
  readonly torch: string
  readonly notes: readonly string[]
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  /** ONNX Runtime's outputs against eager mode's on the example inputs; null: they were not compared. */
  readonly equal: 'bits' | 'rounding' | 'different' | null
  /** Largest difference, as a share of the largest value. */
  readonly error: number | null
  /** The package that they were compared with, or why they were not. */
  readonly compared: string
}

interface Refused {
  readonly reason: string
  readonly place: { readonly file: string; readonly line: number } | null
}

export interface TorchExportQuestion {
  /** The ONNX file to write, and NumPy arrays of the example inputs. */
  readonly out: string
  readonly example: string
  /** What --python named. */
  readonly python: string | null
  readonly memoryBytes?: number | null
  readonly signal?: AbortSignal | undefined
}

/** Writes `out`. Throws InputError, one line with the place in the user's code, if there is no PyTorch or the model cannot be exported. */
export async function exportTorch(
  file: string,
  { out, example, python, memoryBytes, signal }: TorchExportQuestion,
): Promise<TorchExport> {
  const found = findInterpreter({ named: python, beside: file }, pythonEnvironment())
  if (!found.ok) throw new InputError(`${file}: ${found.reason}; ${found.fix}`)
  const { executable, arguments: before } = found.interpreter
  const probed = await probeInterpreter(found.interpreter, { modules: ['torch', 'numpy'], distributions: [] }, signal)
  if (!probed.ok) throw new InputError(`${file}: ${probed.reason}; ${probed.fix}`)
  const missing = ['torch', 'numpy'].filter((name) => probed.has[name] !== true)
  if (missing.length > 0)
    throw new InputError(
      `${file}: Python ${probed.version} (${probed.executable}) has no ${missing.join(' and no ')}; pip install ${missing.join(' ')}, or name an environment that has it with --python`,
    )
  const { child, ended } = startProcess({
    executable,
    words: [...before, COLLECTOR, 'export'],
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(isTorchFile(file) && { env: isolatedEnvironment(process.env, path.dirname(path.resolve(file))) }),
    isUsers: true,
    hasGroup: true,
    limits: { timeMs: LONGEST_EXPORT_MS, memoryBytes: memoryBytes ?? null, signal },
  })
  const stdout = textFrom(child.stdout)
  child.stdin!.end(`${JSON.stringify({ file: path.resolve(file), out, example })}\n`)
  const how = await ended
  signal?.throwIfAborted()
  const told = answerOf(stdout())
  if (told === null)
    throw new InputError(`${file}: exporting it to ONNX failed: its Python process ${endInWords(how)}; ${measure(file)}`)
  if ('reason' in told) throw new InputError(refusal(file, told))
  return told
}

/** null: it ended before it had one. */
function answerOf(stdout: string): TorchExport | Refused | null {
  const line = stdout.split('\n').findLast((one) => one.startsWith('{'))
  try {
    return line === undefined ? null : JSON.parse(line)
  } catch {
    return null
  }
}

const measure = (file: string): string => `to measure it in PyTorch: whyslow ${file}`

/** Exported for its test. */
export function refusal(file: string, { reason, place }: Refused): string {
  if (place === null) return reason.startsWith(path.basename(file)) ? reason : `${file}: ${reason}`
  return `${place.file}:${place.line}: the model cannot be exported to ONNX: ${reason}; ${measure(file)}`
}
