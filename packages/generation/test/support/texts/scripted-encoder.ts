// An encoder on a scripted clock: a word is a token, its length its id; 60 begins a text, 61 ends it. A text takes 1 ms to tokenize, a call of the model 5 ms
// and a position of it 2 ms.
import { EXAMPLE_MACHINE } from '@whyslow/command/support/example-trials.ts'
import { measureTexts, type OpenedEncoder, type TextsInput } from '@whyslow/generation/texts/measure-texts.ts'
import type { RunTrial, TrialRunner } from '@whyslow/measure/trials/port.ts'
import { rowOf, WIDTH } from './write-text-encoder.ts'

export function scriptedEncoder({ callMs = 5, positionMs = 2, textMs = 1 } = {}) {
  const clock = { ms: 0 }
  const fed: (readonly number[])[] = []
  const words = (text: string) => text.split(' ').map(({ length }) => Math.min(length, 50))
  const opened: OpenedEncoder = {
    versions: { onnxruntime: '1' },
    tokenizer: {
      encode: words,
      encodeWhole: (text) => {
        clock.ms += textMs
        return [60, ...words(text), 61]
      },
    },
    session: {
      async run(feeds) {
        const { shape, data } = feeds.input_ids!
        fed.push(shape)
        clock.ms += callMs + positionMs * shape[0]! * shape[1]!
        const values = [...(data as BigInt64Array)].flatMap((id) => rowOf(Number(id)))
        return { last_hidden_state: { dtype: 'float32', shape: [...shape, WIDTH], data: Float32Array.from(values) } }
      },
      close: async () => {},
    },
  }
  return { opened, fed, now: () => clock.ms }
}

/** Trials that encode texts in this process, on that clock; `inputs`: what each was given. */
export function scriptedTrials(
  script: Parameters<typeof scriptedEncoder>[0] = {},
): TrialRunner & { readonly inputs: TextsInput[] } {
  const inputs: TextsInput[] = []
  const run: RunTrial = async (_, given) => {
    const input = given as unknown as TextsInput
    inputs.push(input)
    const { opened, now } = scriptedEncoder(script)
    return { outcome: 'measured', value: (await measureTexts(async () => opened, input, now)) as never }
  }
  return { inputs, run, machine: () => EXAMPLE_MACHINE, alone: (work) => work() }
}
