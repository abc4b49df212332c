// What a path is, so that `whyslow X` knows what to do with it: by content, and by the ending for code alone. Nothing is run, and what knows
// many formats is loaded only if the file is not a model.
import fs from 'node:fs'
import path from 'node:path'
import { onlyModelIn } from '@whyslow/formats/folder.ts'
import { identify, identifyFile, isModelFormat, isTorchFormat } from '@whyslow/formats/identify.ts'
import { generatorAddress } from '@whyslow/generation/recognize/address.ts'
import { TORCH_ENDINGS } from '@whyslow/measure/python/torch-endings.ts'

export type Kind =
  | 'model'
  | 'generator' // of text: an ONNX decoder or a folder of one, GGUF
  | 'program'
  | 'recording' // by another tool
  | 'evidence'
  | 'document' // by whyslow, other than evidence
  | 'shipped' // a folder that `fix` wrote
  | 'folder'
  | 'data' // arrays, images, sounds
  | 'other'

export interface KindOfFile {
  readonly kind: Kind
  /** One phrase with its article. */
  readonly is: string
  /** For `other`: what to do with it. */
  readonly next?: string
  /** The one model of a `folder` that generates no text. */
  readonly model?: string
  /** Whether the model of a transformers.js folder reads texts. Absent: another folder. */
  readonly readsTexts?: boolean
}

/** Endings of the languages that `pipeline` runs. */
export const CODE = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', '.py', '.pyw']
const DATA = ['numpy', 'image', 'audio']

/** Also 'file.py:function', as `ab` takes it. */
export const namesCode = (text: string): boolean => CODE.includes(path.extname(text.replace(/:\w+$/, '')).toLowerCase())

/** Files that are no model, by their names: what each is, and what to give in its place. */
const BY_NAME: readonly (readonly [name: RegExp, is: string, next: string])[] = [
  [
    /\.ipynb$/i,
    'a Jupyter notebook',
    'measure a cell in it with %%whyslow (pip install whyslow), or make it a program: jupyter nbconvert --to script',
  ],
  [/(^|[\\/])package\.json$/, "a project's package.json", 'for the server that it starts: whyslow -- npm start'],
  [/\.html$/i, 'a web page', 'give the model that it loads (.onnx, model.json, .tflite), or your code (.mjs, .js)'],
  [/\.pbtxt$/i, 'a Triton server configuration, not a model', 'give the model in the folder next to it, as in 1/model.onnx'],
]

/** The address is of a server of text, by its path: OpenAI's protocol, ollama's or llama-server's. */
export const isTextServer = (url: string): boolean => generatorAddress(url)?.saysText === true

/** Judged by its content; false if there is no such file, or none that can be read. */
export function isModelFile(file: string): boolean {
  try {
    return fs.statSync(file).isFile() && isModelFormat(identifyFile(file).format)
  } catch {
    return false
  }
}

/** `file` exists. Throws InputError if it cannot be read. */
export async function kindOfFile(file: string): Promise<KindOfFile> {
  if (fs.statSync(file).isDirectory()) {
    const { filesOfFolder } = await import('@whyslow/command/model-files/manifest.ts')
    const isShipped = filesOfFolder(file) !== undefined
    if (isShipped) return { kind: 'shipped', is: 'a folder that fix wrote' }
    if (await isGenerator(file)) return GENERATOR
    return { kind: 'folder', is: 'a folder', ...(await modelIn(file)) }
  }
  if (namesCode(file)) return { kind: 'program', is: 'a program' }
  const [, is, what] = BY_NAME.find(([name]) => name.test(file)) ?? []
  if (is !== undefined) return { kind: 'other', is, next: what! }
  const { format, says, next } = identifyFile(file)
  if (isModelFormat(format)) return format === 'onnx' && (await isGenerator(file)) ? GENERATOR : { kind: 'model', is: says }
  if (format === 'gguf') return GENERATOR
  if (isTorchFormat(format)) {
    const isNamedSo = TORCH_ENDINGS.some((ending) => file.toLowerCase().endsWith(ending))
    return isNamedSo
      ? { kind: 'program', is: says }
      : { kind: 'other', is: says, next: 'give it a name that ends in .pt2 or .pt' }
  }
  if (DATA.includes(format) || /\.csv$/i.test(file)) return { kind: 'data', is: says }
  if (format === 'empty') return { kind: 'other', is: says, next }
  return (await kindOfRecording(file)) ?? { kind: 'other', is: says, next }
}

const GENERATOR: KindOfFile = { kind: 'generator', is: 'a generator of text' }

/** One that is damaged is told by the command that measures generators. */
async function isGenerator(file: string): Promise<boolean> {
  const { recognize } = await import('@whyslow/generation/recognize/recognize.ts')
  try {
    return (await recognize(file)) !== null
  } catch {
    return fs.statSync(file).isDirectory()
  }
}

/** The model of a transformers.js folder that makes embeddings, or names classes; of another folder, the only one in it. Nothing: none, or several. */
async function modelIn(folder: string): Promise<Pick<KindOfFile, 'model' | 'readsTexts'>> {
  const { chosenVariant, generatorFiles } = await import('@whyslow/generation/recognize/folder.ts')
  const files = generatorFiles(folder)
  if (files?.kind !== 'transformers-folder') {
    const model = onlyModelIn(folder)
    return model === undefined ? {} : { model }
  }
  const { model } = chosenVariant(files, null)
  return { model, readsTexts: await readsTexts(folder) }
}

/** What is wrong with one that is damaged, the command says that opens it. */
async function readsTexts(folder: string): Promise<boolean> {
  const { textEncoder } = await import('@whyslow/generation/recognize/text-encoder.ts')
  try {
    const found = await textEncoder(folder)
    return found !== null && typeof found !== 'string'
  } catch {
    return false
  }
}

/** What another tool or whyslow recorded, packed or not; undefined: neither. */
async function kindOfRecording(file: string): Promise<KindOfFile | undefined> {
  const [{ recognizeTrace }, { headOf }, { openSource }] = await Promise.all([
    import('@whyslow/traces/recordings/index.ts'),
    import('@whyslow/traces/recordings/reader.ts'),
    import('@whyslow/traces/recordings/source.ts'),
  ])
  const source = await openSource(file)
  const head = headOf(source.head, source.whole)
  const own = /^\s*\{\s*"schema"\s*:\s*"whyslow-([a-z-]+)/.exec(head.text)?.[1]
  if (own === 'evidence') return { kind: 'evidence', is: 'saved evidence' }
  if (own !== undefined) return { kind: 'document', is: `a ${own.replaceAll('-', ' ')} document of whyslow` }
  const reader = recognizeTrace(head)?.reader
  if (reader !== undefined) return { kind: 'recording', is: `a recording (${reader.title})` }
  if (['"usableCpus"', '"roofs"'].every((field) => head.text.includes(field))) {
    const next = `estimate a model's latency there: whyslow fleet estimate model.onnx --machine ${file}`
    return { kind: 'other', is: 'a description of a machine', next }
  }
  if (!source.gzipped) return undefined
  const inner = identify(source.head, source.head.length, file.replace(/\.gz$/i, ''))
  return {
    kind: 'other',
    is: `${inner.says}, gzip-compressed`,
    next: isModelFormat(inner.format) ? `unpack it: gunzip ${file}` : inner.next,
  }
}
