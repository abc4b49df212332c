// A remedy of the graph: the model is read, rewritten and written into a folder of its own with the files that lie next to it.
import fs from 'node:fs'
import path from 'node:path'
import { writeModelFolder } from '@whyslow/command/model-files/model-folder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { filesBeside } from '../../recognize/files-beside.ts'
import { chosenVariant, contextOf, generatorFiles } from '../../recognize/folder.ts'
import { decoderLayout } from '../../recognize/layout.ts'
import type { GeneratorRemedy, RemedyTools } from '../../remedies/kit/remedy.ts'
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
    const model = await tools.read(chosenVariant(files, setup.options.dtype).model)
    const { inputs, outputs } = viewGraph(model)
    const layout = decoderLayout(inputs, outputs)
    if (layout === null) throw new InputError(`${setup.source}: the graph is no decoder`)
    const target = { model, layout, context: contextOf(files) }
    const applies = remedy.applies(target)
    if (applies !== true) return { reason: applies }
    const prompts = known.answers.map(({ prompt }) => prompt)
    const rewritten = await remedy.rewrite(target, variant, { ...tools, prompts })
    if (typeof rewritten === 'string') return { reason: rewritten }
    // Of two graphs the one for tokens is taken: fed an empty cache, it computes a prompt, too.
    const folder = known.folder()
    try {
      return { setup: await written(rewritten.model, files.folder, { setup, folder }), changes: rewritten.changes, folder }
    } catch (error) {
      fs.rmSync(folder, { recursive: true, force: true })
      throw error
    }
  },
})

async function written(
  model: Model,
  from: string,
  { setup, folder }: { readonly setup: GeneratorSetup; readonly folder: string },
): Promise<GeneratorSetup> {
  const { file } = await writeModelFolder(model, path.join(folder, 'model'))
  for (const name of filesBeside(from)) fs.copyFileSync(path.join(from, name), path.join(path.dirname(file), name))
  return { ...setup, source: file, options: { ...setup.options, dtype: null } }
}
