// Signatures of a .tflite file: names for its graphs and their inputs and outputs. A file may have several.
import { InputError } from '@whyslow/graph/input-error.ts'
import type { ModelRow, SignatureRow } from './schema.ts'

/** What TensorFlow calls by default. */
const USUAL = 'serving_default'

const named = (signatures: readonly SignatureRow[]): string => signatures.map(({ signature_key: key }) => `'${key}'`).join(', ')

/**
 * The one that is requested, else the usual one, else the only one; undefined if the file has none. Throws InputError with all names where
 * it has no such one, or several and none is the usual.
 */
export function chosenSignature(
  { signature_defs: all }: Pick<ModelRow, 'signature_defs'>,
  file: string,
  wanted: string | null,
): SignatureRow | undefined {
  const key = wanted ?? USUAL
  const found = all.find(({ signature_key }) => signature_key === key)
  if (found !== undefined) return found
  if (wanted !== null) {
    const others = all.length === 0 ? 'it has none, so leave --signature out' : `it has ${named(all)}`
    throw new InputError(`${file} has no signature '${wanted}'; ${others}`)
  }
  if (all.length > 1)
    throw new InputError(
      `${file} has several signatures: ${named(all)}; choose one with --signature, or convert it: whyslow convert ${file} --signature NAME -o model.onnx`,
    )
  return all[0]
}

/** Whether runtimes run it by themselves: the interpreter the first graph, LiteRT what TensorFlow serves, else the first signature. */
export function isRunByDefault(own: SignatureRow, { signature_defs: all }: Pick<ModelRow, 'signature_defs'>): boolean {
  const served = all.find(({ signature_key }) => signature_key === USUAL) ?? all[0]
  return own === served && own.subgraph_index === 0
}

/** What is not read of the file, one line or none. */
export function notesOnSignatures(
  { signature_defs: all }: Pick<ModelRow, 'signature_defs'>,
  own: SignatureRow | undefined,
): string[] {
  const others = all.filter((one) => one !== own)
  if (own === undefined || others.length === 0) return []
  return [`of the file's signatures '${own.signature_key}' is read; left out: ${named(others)}`]
}
