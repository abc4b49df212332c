// `whyslow fix X` and `whyslow quantize X`: which product they are for is what X is, a model of one prediction, a generator of text, or a program.
import { stateOf } from '@whyslow/command/terminal/path-state.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { commandLine } from '@whyslow/report/text/shell-words.ts'
import type { FlagsOf } from './options/flags.ts'
import type { Surroundings } from './stages.ts'

/** Throws as the product's command does. `words`: arguments of a program. */
export async function runFix(
  [named, ...words]: readonly [string, ...string[]],
  flags: FlagsOf<'fix'>,
  around: Surroundings,
): Promise<void> {
  if (named.includes('.py') && (await import('./compose/runs-models.ts')).runsModels(named))
    return (await import('@whyslow/code/command/fix.ts')).runFixProgram([named, ...words], flags, around)
  if (words.length > 0) {
    const isFolder = words.length === 1 && stateOf(words[0]!) === undefined && /[/\\]$/.test(words[0]!)
    const put = commandLine('fix', [named, '-o', ...words])
    throw new UsageError(
      `${words.join(' ')}: whyslow fix takes one model; ${isFolder ? `try: ${put}` : 'see whyslow fix --help'}`,
    )
  }
  if (flags.timeout !== undefined)
    throw new UsageError(`fix: --timeout is for a program that runs models, and ${named} is none; --budget limits the search`)
  const { file, isGenerator } = await openedAs(named, around)
  if (/^https?:/i.test(file) || isGenerator)
    return (await import('@whyslow/generation/command/fix.ts')).runFixGenerator(file, flags, around)
  if (flags.prompts !== undefined)
    throw new UsageError(`fix: --prompts is for models that generate text, and ${file} does not; give inputs with --data`)
  return (await import('@whyslow/model/command/fix.ts')).runFix(file, flags, around)
}

/** Throws UsageError for a generator, whose weights `fix` tries in fewer bits. */
export async function runQuantize(named: string, flags: FlagsOf<'quantize'>, around: Surroundings): Promise<void> {
  const { file, isGenerator } = await openedAs(named, around)
  if (isGenerator) {
    const next = commandLine('fix', [file, '-o', flags.out ?? 'fast/'])
    throw new UsageError(`${file} generates text: fix tries its weights in 8 and 4 bits, and proves the tokens: ${next}`)
  }
  return (await import('@whyslow/model/command/quantize.ts')).runQuantize(file, flags, around)
}

/** The file itself, or the model of a folder of transformers.js that generates no text: texts are tokenized and pooled as before around what is written. */
export async function openedAs(
  named: string,
  { screen }: Pick<Surroundings, 'screen'>,
): Promise<{ readonly file: string; readonly isGenerator: boolean }> {
  if (stateOf(named) === undefined) return { file: named, isGenerator: false }
  const { kindOfFile } = await import('./compose/kind-of-file.ts')
  const { kind, model } = await kindOfFile(named)
  if (model === undefined) return { file: named, isGenerator: kind === 'generator' }
  screen.say(`whyslow: the model of ${named} is ${model}\n`)
  return { file: model, isGenerator: false }
}
