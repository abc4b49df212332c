// `lint` of a generator of text: what its files say of its speed, read and not run. The document is that of `lint`, without times.
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { documentHead } from '@whyslow/command/version.ts'
import { readModel } from '@whyslow/formats/index.ts'
import { modelFacts } from '@whyslow/graph/facts.ts'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { writtenQuantization } from '@whyslow/measure/engines/onnxruntime/int8/written.ts'
import { plural } from '@whyslow/measure/statistics/numbers.ts'
import type { LintDocument } from '@whyslow/report/documents/lint.ts'
import { commandLine } from '@whyslow/report/text/shell-words.ts'
import { tokenizerOf } from '../../engines/loop/decoder-text.ts'
import { chosenVariant, type GeneratorFiles, generatorFiles } from '../../recognize/folder.ts'
import type { DecoderLayout } from '../../recognize/layout.ts'
import { graphFacts } from '../generate/facts.ts'
import { ggufFacts } from '../generate/gguf-facts.ts'
import { recognizeSource } from '../generate/recognize.ts'
import type { RecognizedSource, StepGraph } from '../generate/recognized.ts'
import { fileHazards, type Hazard, type NamedFacts } from './file-hazards.ts'

const OPTIONS = { threads: null, prefillThreads: null, dtype: null, pythonPath: null, mostRequests: 0 }
const UNMEASURED = { measured: null, fused: [], unfused: [], borders: { nodes: 0, timeMs: 0 }, repair: null, warnings: [] }

/** `source`: a folder of a generator, or a GGUF file. Throws InputError if it generates no text, or a file of it cannot be read. */
export async function lintGenerator(source: string): Promise<LintDocument> {
  const files = generatorFiles(source)
  const read = files === null ? await ofGguf(source) : await ofFolder(source, files)
  const { model, written, facts, others } = read
  const hazards = [...others, ...fileHazards(facts)]
  return {
    ...documentHead('whyslow-lint/1'),
    ...{ answer: answerOf(source, hazards), model: { ...model, file: source }, written, hazards },
    ...UNMEASURED,
  }
}

function answerOf(source: string, hazards: readonly Hazard[]): string {
  const next = commandLine('generate', [source])
  const things = plural(hazards.length, 'thing')
  return hazards.length === 0
    ? `${source} generates text, and nothing in its files is known to make a token slow. Nothing was run: ${next} measures.`
    : `${source} generates text, and its files show ${things} to look at. Nothing was run: ${next} says what each costs.`
}

interface Read extends Pick<LintDocument, 'model' | 'written'> {
  readonly facts: readonly NamedFacts[]
  readonly others: readonly Hazard[]
}

async function ofFolder(source: string, files: GeneratorFiles): Promise<Read> {
  const chosen = chosenVariant(files, null)
  const model = await readModel(chosen.model)
  const facts: NamedFacts[] = []
  const others: Hazard[] = []
  for (const { dtype, model: file } of files.variants) {
    const found = await recognizeSource(source, files.kind === 'transformers-folder' ? dtype : null)
    const step = await found.step(OPTIONS)
    const shown = typeof step === 'string' ? {} : { ...graphFacts(step, null), joins: joinsOf(step) }
    facts.push({ joins: [], ...shown, ...optionsOf(found), file: path.relative(source, file) })
    if (file === chosen.model && typeof step !== 'string') others.push(...(await tokenizerHazards(files, file, step.layout)))
  }
  return { model: factsOf(model), written: writtenQuantization(viewGraph(model)), facts, others }
}

const optionsOf = ({ options }: RecognizedSource) => (options === undefined ? {} : { options })

function factsOf(model: Model): LintDocument['model'] {
  const { file, format, sha256, sizeBytes, opsets } = modelFacts(model)
  return { file, format, sha256, sizeBytes, opsets: { ...opsets } }
}

/** Nodes that append to the cache by a copy of it. */
function joinsOf({ graph, layout }: StepGraph): readonly string[] {
  const past = new Set(layout.cache.map((entry) => entry.past))
  return graph.nodes.flatMap(({ opType, inputs, name }) =>
    opType === 'Concat' && inputs.some((one) => past.has(one)) ? [name] : [],
  )
}

const tokenizerHazard = (hazard: string, title: string, detail: string): Hazard => ({
  hazard,
  title,
  detail,
  timeMs: null,
  nodes: [],
})

async function tokenizerHazards(files: GeneratorFiles, model: string, layout: DecoderLayout): Promise<readonly Hazard[]> {
  if (files.tokenizer === null)
    return [
      tokenizerHazard(
        'tokenizer-missing',
        'No tokenizer',
        'the folder has no tokenizer.json: it generates token ids, and reads no text',
      ),
    ]
  try {
    await tokenizerOf(files, { layout, model })
    return []
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return [tokenizerHazard('tokenizer-mismatch', 'The tokenizer is not that of the model', firstLineOf(error))]
  }
}

const NOTHING_WRITTEN = { conversions: 0, integerProducts: 0, quantizedOperators: 0, fewBitProducts: 0, float16Constants: 0 }

async function ofGguf(source: string): Promise<Read> {
  const found = await recognizeSource(source, null)
  const sizeBytes = fs.statSync(source).size
  return {
    model: { file: source, format: 'gguf', sha256: await hashOf(source), sizeBytes, opsets: {} },
    written: NOTHING_WRITTEN,
    facts: [{ joins: [], ...ggufFacts(found.source), file: path.basename(source) }],
    others: [],
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of fs.createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
