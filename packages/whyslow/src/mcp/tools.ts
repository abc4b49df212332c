// Commands of whyslow as tools of the Model Context Protocol. What a tool takes follows from the table of flags; here is what agents are told of
// each, and which flags they do not get.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Flag } from '@whyslow/command/terminal/flags/flag.ts'
import { defaultFolder, problemOfFolder } from '@whyslow/command/terminal/model-flags.ts'
import { mismatch, pathUse, schemaOf, type ValueSchema, wordsOf } from '../options/flag-schema.ts'
import { flags } from '../options/flags.ts'
import type { ResolvePath, Tool } from './protocol/tool.ts'

/** Flags that no tool takes, by their keys, each with its reason. */
export const WITHHELD_FLAGS: Readonly<Record<string, string>> = {
  json: 'the document comes with the answer',
  html: 'a file that the client did not ask for',
  markdown: 'the answer is data',
  quiet: 'of use on a terminal only',
  verbose: 'of use on a terminal only',
  open: 'starts a browser',
  roofline: 'draws for a terminal',
  save: 'writes outside of the client’s folders',
  saveEvidence: 'a file that the client did not ask for',
  saveTrace: 'a file that the client did not ask for',
  saveInputs: 'a file that the client did not ask for',
  ort: 'loads code: the user names it when the server is started',
  browser: 'starts a program: the user names it when the server is started',
  openvino: 'loads code: the user names it when the server is started',
  litert: 'loads code: the user names it when the server is started',
  python: 'starts a program: the user names it when the server is started',
  sessionConfig: 'entries may name files and libraries',
  force: 'replaces what is not whyslow’s',
  cache: 'of use on a terminal only',
  refresh: 'of use on a terminal only',
  lock: 'one measurement at a time',
  progress: 'progress is a notification',
  // Of lint, which only reads.
  repair: 'fix and quantize write models',
}

interface Described {
  readonly name: keyof typeof flags
  readonly title: string
  /** The argument: one model, or several. */
  readonly takes: 'model' | 'models'
  readonly description: string
  /** Flags that this tool does not take, beyond those that none does. */
  readonly without?: readonly string[]
}

const TAKES = 'Formats: ONNX, Keras, TensorFlow.js, TFLite, XGBoost, LightGBM, CatBoost, scikit-learn (skops).'

export const DESCRIBED_TOOLS: readonly Described[] = [
  {
    name: 'why',
    title: 'Why is this model slow?',
    takes: 'model',
    description: `Measures one prediction of a model on this machine and explains its latency: the median with its interval, what it is made of, which findings cause it and what fixing each would save. Use it first, before you change anything. Takes 20 to 90 seconds; quick: true about 10. ${TAKES}`,
  },
  {
    name: 'fix',
    title: 'Make this model faster',
    takes: 'model',
    description:
      'Tries remedies (session settings, graph rewrites, other engines) one by one, measures each against the original in turns, and writes to the folder "out" (MODEL-fast by default) what is proven faster with the same outputs: model, settings, a predict.mjs that uses them. Use it after "why". Takes minutes: give budget, such as "60s". dryRun: true only lists what would be tried. The original model is never changed.',
  },
  {
    name: 'quantize',
    title: 'Fewer bits where it pays',
    takes: 'model',
    description:
      'Quantizes the layers for which fewer bits are measured to be faster, checks the outputs, and writes a folder, or the model alone if "out" ends with .onnx or .tflite. Use it if "why" says that int8 units are idle, or if the model must be smaller. Give data: real inputs, labelled if possible. Takes minutes: give budget.',
  },
  {
    name: 'compare',
    title: 'Which engine, or which model, is faster?',
    takes: 'models',
    description:
      'Measures one model on several engines, or several models on one, in turns of fresh processes: who is faster, by how much, whether outputs agree. Use it to choose an engine or between two exports of a model. Takes 1 to 5 minutes.',
  },
  {
    name: 'check',
    title: 'Is it slower than before?',
    takes: 'model',
    description:
      'Decides whether a model is slower than its baseline: "within", "above" or "unclear", with the ratio and its interval. Use it to verify a change. Give one of baseline, the old model file, which is measured in turns with the new one, or against, an earlier report: whyslow://report/1 of this session, or a file.',
  },
  {
    name: 'lint',
    title: 'Why is this quantized model not faster?',
    takes: 'model',
    description:
      'Reads and measures a quantized model: which operators run in int8, which fall back to float, and which condition each breaks. Use it if a quantized model is not faster than the original. Writes nothing.',
    without: ['out', 'maxLoss', 'budget'],
  },
]

export const INSTRUCTIONS =
  'whyslow measures predictions of machine-learning models. The order that works: "why" to measure and explain; "fix" or "quantize" to write a faster model that is proven, or change the code yourself; "check" with the old model as baseline to verify. Measurements run one at a time and want an idle machine: start no build or test meanwhile. An estimate is marked modelled, a proof measured; do not report one as the other. Relative paths count from the first root.'

/** `places`: words of the command line that say where engines are, added to every call. */
export const createTools = (places: readonly string[]): readonly Tool[] => DESCRIBED_TOOLS.map((one) => toolOf(one, places))

function toolOf({ name, title, takes, description, without = [] }: Described, places: readonly string[]): Tool {
  const offered: readonly Flag[] = (flags[name] as readonly Flag[]).filter(
    ({ key }) => WITHHELD_FLAGS[key] === undefined && !without.includes(key),
  )
  const model: ValueSchema =
    takes === 'model'
      ? { type: 'string', description: 'path of the model' }
      : { type: 'array', items: { type: 'string' }, description: 'paths of the models: one, or several to compare' }
  const properties: Readonly<Record<string, ValueSchema>> = {
    [takes]: model,
    ...Object.fromEntries(offered.map((flag) => [flag.key, schemaOf(flag)])),
  }
  return {
    name,
    title,
    description,
    inputSchema: { type: 'object', properties, required: [takes], additionalProperties: false },
    isReadOnly: !offered.some((flag) => pathUse(flag) === 'output'),
    words(given, resolve) {
      const line = problemOf(properties, takes, given)
      if (line !== null) return { ok: false, line: `${name}: ${line}` }
      const models = [given[takes]].flat().map((path) => resolve(path as string, 'input'))
      const readsNeighbours = given.data !== undefined && given.imagePreprocessing === undefined
      if (readsNeighbours) for (const path of models) checkNeighbours(path, resolve)
      let problem: string | undefined
      const words = offered.flatMap((flag) => {
        const use = pathUse(flag)
        // The command's own default is in the folder where the server runs, which need not be the client's.
        const value = given[flag.key] ?? (use === 'output' && given.dryRun !== true ? defaultFolder(models[0]!) : undefined)
        if (value === undefined) return []
        const resolved = use === null ? value : resolve(value as string, use)
        if (use === 'output' && given[flag.key] === undefined) problem ??= problemOfFolder(resolved as string, models[0]!)
        return wordsOf(flag, resolved)
      })
      if (problem !== undefined) return { ok: false, line: `${name}: ${problem}; give another folder (out)` }
      return { ok: true, words: [name, ...places, ...words, '--', ...models] }
    },
  }
}

/** Why the arguments do not fit; null: they do. */
function problemOf(
  properties: Readonly<Record<string, ValueSchema>>,
  takes: string,
  given: Readonly<Record<string, unknown>>,
): string | null {
  if (given[takes] === undefined || [given[takes]].flat().length === 0) return `give ${takes}, as a path or paths`
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(properties, name)) {
      const why = Object.hasOwn(WITHHELD_FLAGS, name)
        ? `is not offered to clients (${WITHHELD_FLAGS[name]})`
        : 'is not an argument of this tool'
      return `${name} ${why}; leave it out`
    }
    const why = value === undefined ? null : mismatch(properties[name]!, value)
    if (why !== null) return `${name} ${why}`
    if ([value].flat().some((one) => typeof one === 'string' && one.includes('\0')))
      return `${name} holds a NUL character; leave it out`
  }
  return null
}

/** A file next to the model, or above it, may say how images become values; it is read if nothing else says so. */
function checkNeighbours(model: string, resolve: ResolvePath): void {
  for (const folder of [dirname(model), join(dirname(model), '..')]) {
    const file = join(folder, 'preprocessor_config.json')
    if (existsSync(file)) resolve(file, 'input')
  }
}
