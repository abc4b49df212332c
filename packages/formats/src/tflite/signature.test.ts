import { InputError } from '@whyslow/graph/input-error.ts'
import { describe, expect, test } from 'vitest'
import { chosenSignature, isRunByDefault, notesOnSignatures } from './signature.ts'

const signatures = (...names: readonly string[]) => ({
  signature_defs: names.map((signature_key, subgraph_index) => {
    return { signature_key, subgraph_index, inputs: [], outputs: [], deprecated_tag: undefined }
  }),
})
const chosen = (names: readonly string[], wanted: string | null = null) =>
  chosenSignature(signatures(...names), 'a.tflite', wanted)?.signature_key

describe('which signature is read', () => {
  test('the one that is asked for', () => expect(chosen(['serving_default', 'tail'], 'tail')).toBe('tail'))
  test("else TensorFlow's usual one, wherever it stands", () =>
    expect(chosen(['tail', 'serving_default'])).toBe('serving_default'))
  test('else the only one', () => expect(chosen(['main'])).toBe('main'))
  test('none of a file that has none', () => expect(chosen([])).toBeUndefined())

  test('one that there is not is refused, with those that there are', () => {
    expect(() => chosen(['a', 'b'], 'c')).toThrow(new InputError("a.tflite has no signature 'c'; it has 'a', 'b'"))
    expect(() => chosen([], 'c')).toThrow(new InputError("a.tflite has no signature 'c'; it has none, so leave --signature out"))
  })

  test('several without the usual one are not guessed among', () => {
    expect(() => chosen(['encode', 'decode'])).toThrow(/^a\.tflite has several signatures: 'encode', 'decode'; choose one/)
  })
})

test('what is left out is said', () => {
  const model = signatures('a', 'b', 'c')
  expect(notesOnSignatures(model, model.signature_defs[1])).toEqual(["of the file's signatures 'b' is read; left out: 'a', 'c'"])
  expect(notesOnSignatures(signatures('a'), undefined)).toEqual([])
})

test('a runtime runs the usual one by itself, else the first, and only where that is the first graph', () => {
  const untold = ({ signature_defs: all }: ReturnType<typeof signatures>) =>
    all.filter((one) => isRunByDefault(one, { signature_defs: all })).map(({ signature_key }) => signature_key)
  expect(untold(signatures('serving_default', 'tail'))).toEqual(['serving_default'])
  expect(untold(signatures('encode', 'decode'))).toEqual(['encode'])
  // LiteRT serves the second, the interpreter runs the first.
  expect(untold(signatures('encode', 'serving_default'))).toEqual([])
})
