// A remedy of the graph: the model is read, rewritten and written into a folder of its own with the files that are next to it.
import fs from 'node:fs'
import path from 'node:path'
import { type FolderNames, writeModelFolder } from '@whyslow/command/model-files/model-folder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { cacheSizes, chosenVariant, contextOf, generatorFiles } from '../../recognize/folder.ts'
import { type CacheSizes, decoderLayout } from '../../recognize/layout.ts'
import { filesBeside } from '../../recognize/sibling-files.ts'
import type { DecoderRewrite, GeneratorRemedy, RemedyTarget, RemedyTools } from '../../remedies/kit/remedy.ts'
import type { Candidate } from '../candidate.ts'
import type { GeneratorSetup } from '../setup.ts'

export interface GraphTools extends Pick<RemedyTools, 'evaluate'> {
  /** Reads an ONNX file. */
  readonly read: (file: string) => Promise<Model>
}

export const graphRemedy = (remedy: GeneratorRemedy, variant: string, tools: GraphTools): Candidate => ({
  id: variant === '' ? remedy.id : `${remedy.id}-${variant}`,
  family: remedy.id,
  title: remedy.title,
  effect: remedy.lossless ? 'lossless' : 'lossy',
  async apply(setup, known) {
    const files = generatorFiles(setup.source)
    if (files === null) return { reason: 'the model is not an ONNX graph' }
    const variantRead = chosenVariant(files, setup.options.dtype)
    const { first, encoder } = variantRead
    const model = await tools.read(variantRead.model)
    const sizes = cacheSizes(files)
    const target = targetOf(model, { source: setup.source, context: contextOf(files), hasFirst: first !== null, sizes })
    const applies = remedy.applies(target)
    if (applies !== true) return { reason: applies }
    const prompts = known.answers.map(({ prompt }) => prompt)
    const rewritten = await remedy.rewrite(target, variant, { ...tools, prompts })
    if (typeof rewritten === 'string') return { reason: rewritten }
    const folder = known.folder()
    try {
      const parts = encoder === null ? null : await partsOf({ rewritten, first, encoder, remedy, variant, target, tools })
      return { setup: await written(rewritten.model, files.folder, { setup, folder, parts }), changes: rewritten.changes, folder }
    } catch (error) {
      fs.rmSync(folder, { recursive: true, force: true })
      throw error
    }
  },
})

interface Around {
  readonly source: string
  readonly context: number | null
  readonly hasFirst: boolean
  readonly sizes?: CacheSizes
}

function targetOf(model: Model, { source, context, hasFirst, ...sized }: Around): RemedyTarget {
  const { inputs, outputs } = viewGraph(model)
  const layout = decoderLayout(inputs, outputs, { hasFirst, ...sized })
  if (layout === null) throw new InputError(`${source}: the graph is not a decoder`)
  return { model, layout, context, hasFirst }
}

/** What belongs to a decoder behind an encoder. */
interface Parts {
  readonly encoder: Model
  /** null: the decoder makes the first call, too. */
  readonly first: Model | null
}

interface Rewriting {
  readonly rewritten: DecoderRewrite
  readonly first: string | null
  readonly encoder: string
  readonly remedy: GeneratorRemedy
  readonly variant: string
  readonly target: RemedyTarget
  readonly tools: GraphTools
}

/**
 * The encoder as it is, and the graph of the first call rewritten alike, if it has what the remedy rewrites. Without an encoder the graph for tokens, fed an
 * empty cache, computes a prompt, too.
 */
async function partsOf({ rewritten, first, encoder, remedy, variant, target, tools }: Rewriting): Promise<Parts> {
  const encoding = await tools.read(encoder)
  if (rewritten.prefill !== undefined || first === null) return { encoder: encoding, first: rewritten.prefill ?? null }
  const opening = await tools.read(first)
  const alike = targetOf(opening, { source: first, context: target.context, hasFirst: false })
  const made = remedy.applies(alike) === true ? await remedy.rewrite(alike, variant, tools) : ''
  return { encoder: encoding, first: typeof made === 'string' ? opening : made.model }
}

interface Place {
  readonly setup: GeneratorSetup
  readonly folder: string
  readonly parts: Parts | null
}

/** Names by which the files of an encoder–decoder find each other. */
const NAMES = { encoder: 'encoder_model.onnx', first: 'decoder_model.onnx', later: 'decoder_with_past_model.onnx' } as const

async function written(model: Model, from: string, { setup, folder, parts }: Place): Promise<GeneratorSetup> {
  const { file } = await writeModelFolder(model, path.join(folder, 'model'), parts === null ? {} : namesOf(parts))
  for (const name of filesBeside(from)) fs.copyFileSync(path.join(from, name), path.join(path.dirname(file), name))
  return { ...setup, source: file, options: { ...setup.options, dtype: null } }
}

const namesOf = ({ encoder, first }: Parts): FolderNames =>
  first === null
    ? { name: NAMES.first, beside: { [NAMES.encoder]: encoder } }
    : { name: NAMES.later, beside: { [NAMES.encoder]: encoder, [NAMES.first]: first } }
