// Generates text with the engine and the files next to it, and no whyslow: bundled as generate.mjs of a folder that `fix` wrote.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readWav } from '@whyslow/measure/samples/wav.ts'
import type { Generator, GeneratorEngine } from '../../generator.ts'
import { withLoop } from '../../loop/loop.ts'
import { chatTemplate } from './chat-template.ts'
import type { FolderOptions } from './folder-options.ts'
import { type SoundInput, type TextGenerator, textGenerator } from './text-generator.ts'

const fileAt = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

async function opened(): Promise<{ readonly generator: Generator; readonly about: FolderOptions }> {
  const about: FolderOptions = JSON.parse(readFileSync(fileAt('./options.json'), 'utf8'))
  // Each folder has the code of its engine.
  const { engine } = (await import(new URL('./engine.mjs', import.meta.url).href)) as { readonly engine: GeneratorEngine }
  return { generator: await engine.open(fileAt(`./${about.source}`), about.options), about }
}

/** The model, ready to generate. */
export async function load(): Promise<TextGenerator> {
  const { generator, about } = await opened()
  return textGenerator(generator, about.loop, about.prompts, chatTemplate(about.prompts))
}

/** The sound of a .wav file, its channels averaged. */
export const wav = (bytes: Uint8Array): SoundInput => readWav(bytes, 'the .wav file')

/** The same for whyslow, which measures and proves it. */
export async function open(): Promise<Generator> {
  const { generator, about } = await opened()
  return withLoop(generator, about.loop)
}
