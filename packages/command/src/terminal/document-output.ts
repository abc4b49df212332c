// The document of a command, as JSON, as a page and as Markdown: `--json FILE` writes it next to the text on the screen, `--json` prints it
// instead of the text; `--html` and `--markdown` likewise. `--quiet` prints its answer alone. What draws them is loaded when it is needed.
import { basename } from 'node:path'
import { renderJson } from '@whyslow/report/text/json.ts'
import type { StageProgress } from '../progress.ts'
import { type Commentary, openCommentary } from './commentary.ts'
import type { Loudness } from './progress.ts'
import type { Screen } from './screen.ts'
import type { Surroundings } from './surroundings.ts'
import { UsageError } from './usage-error.ts'
import { checkTargets, writeTarget } from './write-file.ts'

type Content = string | Uint8Array

export interface DocumentOutput {
  /** Standard output takes the text; false: the document or the answer, and nothing else. */
  readonly printsText: boolean
  /** Writes the file of a flag other than those of the document, where it was typed. `what`: what is said to be in it. */
  write(flag: string, what: string, content: () => Content | Promise<Content>): Promise<void>
  /**
   * Writes the document and its page if they were requested, prints the document or the text, and says on standard error what was
   * written. Throws UsageError if the disk refuses.
   */
  deliver(screen: Screen, what: Delivery): Promise<void>
}

export interface Delivery {
  readonly document: object
  /** What the document is called where it was written. */
  readonly name: string
  readonly text: () => string
  /** What else was kept. */
  readonly others?: readonly string[]
}

/** Files to write, '-' for standard output; `html` is offered by commands whose document the page can draw. */
export interface DocumentFlags {
  readonly json?: string
  readonly html?: string
  readonly markdown?: string
  readonly quiet?: boolean
}

const FORMS = ['json', 'html', 'markdown'] as const
type Form = (typeof FORMS)[number]

/** A page of more than this is worth a word: it is attached and sent. */
const LARGE_BYTES = 10_000_000

/**
 * What the flags ask for, tried out before anything is measured: UsageError as of `checkTargets`. `inputs`: the files that are read. `files`:
 * what other flags name.
 */
export function documentOutput(
  flags: DocumentFlags,
  inputs: readonly (string | undefined)[] = [],
  files: Readonly<Record<string, string | undefined>> = {},
): DocumentOutput {
  const printed = FORMS.filter((form) => flags[form] === '-')
  if (printed.length > 1)
    throw new UsageError(
      `--${printed.join(' and --')}: both go to standard output; give a file to all but one, as in --${printed[0]} FILE`,
    )
  const inFiles = FORMS.filter((form) => flags[form] !== undefined && flags[form] !== '-')
  const targets = checkTargets({ ...Object.fromEntries(inFiles.map((form) => [`--${form}`, flags[form]])), ...files }, inputs)
  const [form] = printed
  const also: string[] = []
  return {
    printsText: form === undefined && !flags.quiet,
    async write(flag, what, content) {
      const file = targets.get(flag)
      if (file === undefined) return
      writeTarget(file, await content(), flag)
      also.push(`${what}: ${files[flag]}`)
    },
    async deliver(screen, { document, name, text, others = [] }) {
      const written: string[] = []
      await screen.follower?.document(document)
      for (const one of inFiles) {
        const content = await rendered[one](document, screen)
        writeTarget(targets.get(`--${one}`)!, content, `--${one}`)
        const bytes = Buffer.byteLength(content)
        const size = one === 'html' && bytes > LARGE_BYTES ? ` (${Math.round(bytes / 1e6)} MB)` : ''
        written.push(`${WRITTEN_AS[one] ?? name}: ${flags[one]}${size}`)
      }
      const { answer } = document as { readonly answer?: string }
      const shown = flags.quiet && answer !== undefined ? `${answer}\n` : undefined
      await screen.print(form === undefined ? (shown ?? text()) : await rendered[form](document, screen))
      written.push(...also, ...others)
      if (written.length > 0 && !flags.quiet) screen.say(`whyslow: wrote ${written.join(', ')}\n`)
    },
  }
}

/** A stage that measures, and what is said of its document. */
export interface MeasuringStage<D extends object, Stages> extends Pick<Delivery, 'name' | 'others'> {
  /** Files that are read. */
  readonly inputs: readonly (string | undefined)[]
  /** `commentary`: for stages that try remedies, and say so above the line of progress. */
  readonly run: (stages: Stages, listeners: Listeners, commentary: Commentary) => Promise<D>
  readonly text: (document: D) => string
}

interface Listeners {
  readonly onProgress: (progress: StageProgress) => void
  readonly signal: AbortSignal
}

/** Runs the stage under a line of progress and delivers its document, which it returns. Throws as `documentOutput`, `run` and `deliver` do. */
export async function measureAndDeliver<D extends object, Stages>(
  flags: DocumentFlags & Loudness,
  { screen, signal, load }: Surroundings<Stages>,
  { inputs, run, text, ...said }: MeasuringStage<D, Stages>,
): Promise<D> {
  const output = documentOutput(flags, inputs)
  const commentary = openCommentary(screen, { ...flags, aloud: output.printsText })
  const { onProgress } = commentary.listeners
  const document = await run(await load(), { onProgress, signal }, commentary).finally(commentary.end)
  signal.throwIfAborted()
  await output.deliver(screen, { ...said, document, text: () => text(document) })
  return document
}

/** What the document is called in a file, if not by its name. */
const WRITTEN_AS: Partial<Record<Form, string>> = { html: 'page', markdown: 'Markdown' }

const rendered: Readonly<Record<Form, (document: object, screen: Screen) => Promise<string>>> = {
  json: async (document) => renderJson(document),
  html: pageOf,
  async markdown(document, screen) {
    const { renderMarkdown } = await import('@whyslow/report/markdown/markdown.ts')
    return renderMarkdown(document, screen)
  },
}

async function pageOf(document: object): Promise<string> {
  const [{ renderPage }, { embed, readShell }] = await Promise.all([
    import('@whyslow/report/html/html-page.ts'),
    import('./page-shell.ts'),
  ])
  const { answer = '' } = document as { answer?: string }
  const title = `whyslow: ${titleOf(document)}`
  return renderPage(readShell(), embed({ documents: [document] }), { title, answer })
}

const LONGEST_TITLE = 120

/** The file that the document is of, or what it was asked about. */
function titleOf(document: object): string {
  const { model, contestants, target, pipeline, a, file } = document as {
    model?: { file?: string; name?: string } | null
    contestants?: { file: string }[]
    target?: { name?: string }
    pipeline?: { file: string } | null
    a?: { file?: string }
    file?: string
  }
  // An address stays whole.
  if (target?.name !== undefined) return target.name.slice(0, LONGEST_TITLE)
  const own = pipeline?.file ?? model?.file ?? model?.name ?? contestants?.[0]?.file ?? a?.file ?? file ?? 'report'
  return basename(own).slice(0, LONGEST_TITLE)
}
