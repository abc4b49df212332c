// `convert`: a model that was read, written in another format. Nothing is measured, and nothing is changed but what the format asks for.
import path from 'node:path'
import { writeModelFiles } from '@whyslow/command/model-files/onnx-files.ts'
import { type OpenModelOptions, openModel } from '@whyslow/command/open-model.ts'
import { toolVersion } from '@whyslow/command/version.ts'
import { encodeTfjs, TFJS } from '@whyslow/formats/tfjs/write/index.ts'
import { encodeLite } from '@whyslow/formats/tflite/write/index.ts'
import { liteGraphOf, liteOperators } from '@whyslow/formats/tflite/write/lite-model.ts'
import { countsByName } from '@whyslow/graph/counts-by-name.ts'
import { modelFacts } from '@whyslow/graph/facts.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { ValueDeclaration } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { EXACT_SUMS } from '@whyslow/measure/engines/onnxruntime/int8/exact-sums.ts'
import type { ConvertDocument, ConvertedValue } from '@whyslow/report/documents/convert.ts'
import { checkModelOut, writeAlone } from '../ship/index.ts'
import { type RoundingOptions, roundedModel } from './convert-tabular.ts'

export interface ConvertOptions extends Partial<RoundingOptions>, OpenModelOptions {
  /** The file to write; its ending is the format: '.onnx', '.tflite', '.json' (TensorFlow.js, its shards next to it). */
  readonly out: string
  readonly force: boolean
  readonly signal: AbortSignal
}

/** Writes the model in `file` as `options.out`. Throws InputError if it cannot be read or written; then nothing is. */
export async function convert(file: string, options: ConvertOptions): Promise<ConvertDocument> {
  const { out, force, signal } = options
  const format = formatOf(out)
  checkModelOut(out, force, file)
  const read = await openModel(file, options)
  if (read.source.format === format) throw new InputError(`${file}: this is ${format} already; nothing is converted`)
  const { allowRounding = false, data = null, labels = null } = options
  const { model, notes, rounding } = roundedModel(read, { allowRounding, data, labels })
  const other = format === 'onnx' ? undefined : FORMS[format](model, path.basename(out))
  const files = await writeAlone({ out, force, signal, from: file }, async (folder, name) => {
    if (other === undefined) await writeModelFiles(model, folder, undefined, name)
    else for (const one of other.files) await folder.add(one.name, one.name === name ? 'model' : 'weights', [one.bytes])
  })
  const written = files.find(({ path: name }) => name === path.basename(out))!
  const sizeBytes = files.reduce((sum, one) => sum + one.sizeBytes, 0)
  const said = [...(read.notes ?? []), ...notes, ...(other === undefined ? notesOnIntegers(model) : [])]
  const told: ConvertDocument = {
    ...document(model, { file: out, format, sizeBytes, sha256: written.sha256 }),
    ...(said.length > 0 && { notes: said }),
    ...(rounding !== null && { rounding }),
  }
  return other === undefined ? told : { ...told, opset: null, operators: other.operators }
}

interface Form {
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  /** How many there are of each. */
  readonly operators: Readonly<Record<string, number>>
}

/** Formats other than ONNX: the files, the one called `name` first. */
const FORMS: Readonly<Record<'tfjs' | 'tflite', (model: Model, name: string) => Form>> = {
  tflite(model, name) {
    const lite = liteGraphOf(model)
    return { files: [{ name, bytes: encodeLite(lite, model.source.file) }], operators: liteOperators(lite) }
  },
  tfjs(model, name) {
    const { files, operators } = encodeTfjs(liteGraphOf(model, TFJS), model.source.file, name)
    return { files, operators: countsByName(operators) }
  },
}

/** What `entriesForModel` sets for the commands of this tool, whoever runs the file has to set. */
function notesOnIntegers(model: Model): readonly string[] {
  const isInteger = viewGraph(model).nodes.some(({ opType }) => opType === 'QuantizeLinear')
  if (model.source.format !== 'tflite' || !isInteger) return []
  const [[key, value]] = Object.entries(EXACT_SUMS) as [[string, string]]
  return [`on x86 without VNNI, set ${key}=${value} in onnxruntime's session options: without it integer sums saturate`]
}

function formatOf(out: string): 'onnx' | 'tfjs' | 'tflite' {
  if (/\.onnx$/i.test(out)) return 'onnx'
  if (/\.tflite$/i.test(out)) return 'tflite'
  if (/\.json$/i.test(out)) return 'tfjs'
  throw new InputError(`-o ${out}: its ending says no format that can be written; give name.onnx, name.tflite or model.json`)
}

function document(model: Model, to: ConvertDocument['to']): ConvertDocument {
  const { file, format, sizeBytes, sha256 } = model.source
  const view = viewGraph(model)
  return {
    schema: 'whyslow-convert/1',
    tool: { version: toolVersion },
    from: { file, format, sizeBytes, sha256 },
    to,
    opset: modelFacts(model).opsets[''] ?? null,
    operators: countsByName(view.nodes.map(({ opType }) => opType)),
    inputs: view.inputs.map(declared),
    outputs: view.outputs.map(declared),
  }
}

const declared = ({ name, kind, dtype, shape }: ValueDeclaration): ConvertedValue => ({
  name,
  dtype: dtype ?? kind,
  shape: shape ?? [],
})
