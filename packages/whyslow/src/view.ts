// `whyslow view REPORT [OTHER]`: the page of a report document, or of two side by side, served on loopback; drawn again when a file
// changes.
import { statSync, unwatchFile, watchFile } from 'node:fs'
import { basename } from 'node:path'
import { type PageGiven, pageData, servePage, untilInterrupted } from '@whyslow/command/terminal/live-page.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { readJson } from '@whyslow/report/saved/saved-document.ts'
import { type FlagsOf, optionsOf } from './options/flags.ts'
import type { Surroundings } from './stages.ts'

const WATCH_MS = 1000
/** Above it a browser takes too long to parse it, and no report is as large. */
const MOST_BYTES = 400_000_000

/** Kinds of documents that the page draws, other than reports, and what one is called. */
const KINDS: Readonly<Record<string, string>> = {
  comparison: 'a comparison',
  load: 'a run under load',
  study: 'a study',
  ab: 'a result of ab',
  gap: 'a result of --explain-gap',
  distill: 'a result of distill',
  lint: 'a result of lint',
  generation: 'a measurement of text generation',
  embedding: 'a measurement of embeddings',
}
/** The newest version that this whyslow draws, keyed by kind; it draws all earlier ones. */
const NEWEST = new Map([['report', 2], ...Object.keys(KINDS).map((kind) => [kind, 1] as const)])
/** Those of which two can be shown side by side. */
const BESIDE = ['report', 'comparison', 'load', 'study']

/** Serves until Ctrl-C. Throws UsageError or InputError if a file holds no document that can be drawn. */
export async function runView(
  files: readonly string[],
  flags: FlagsOf<'view'>,
  { screen, signal }: Pick<Surroundings, 'screen' | 'signal'>,
): Promise<void> {
  if (files.length > 2)
    throw new UsageError(
      `view shows one document, or two of a kind side by side; more at once: whyslow fleet report ${files.join(' ')}`,
    )
  const given = readAll(files)
  const [first, second] = given.documents
  if (first !== undefined && second !== undefined) checkBeside(files, first, second)
  const server = await servePage(given, screen, { opens: flags.open, ...optionsOf('view', flags) })
  screen.say('whyslow: Ctrl-C ends it\n')
  const again = () => {
    try {
      server.show(pageData(readAll(files)))
    } catch {
      // Half written, or gone for a moment: the next change is looked at again.
    }
  }
  for (const file of files) watchFile(file, { interval: WATCH_MS, persistent: false }, again)
  await untilInterrupted(server, signal)
  for (const file of files) unwatchFile(file, again)
}

/** UsageError, with what to type, where the two say nothing of each other. */
function checkBeside([before, after]: readonly string[], first: object, second: object): void {
  const [a, b] = [kindOf(first), kindOf(second)]
  const alone = `each by itself: whyslow view ${before}, whyslow view ${after}`
  if (a !== b)
    throw new UsageError(`${before} is ${a}, ${after} is ${b}: only two of one kind can be shown side by side; ${alone}`)
  if (BESIDE.includes(schemaOf(first).kind)) return
  const instead = schemaOf(first).kind === 'ab' ? 'the two programs in turns: whyslow ab FIRST SECOND' : alone
  throw new UsageError(`two documents like ${before} (${a}) have no page side by side; ${instead}`)
}

function kindOf(document: object): string {
  const { kind } = schemaOf(document)
  if (kind !== 'report') return KINDS[kind] ?? 'a document'
  return (document as { pipeline?: unknown }).pipeline ? 'a report of your own code' : 'a report of a model'
}

/** Kind and version: 'report' and 2 for 'whyslow-report/2'; '' for what has no such schema. */
function schemaOf(document: unknown): { readonly kind: string; readonly version: number } {
  const { schema } = (document ?? {}) as { readonly schema?: unknown }
  const [, kind = '', version] = /^whyslow-([a-z-]{1,40})\/([1-9]\d{0,8})$/.exec(String(schema)) ?? []
  return { kind, version: Number(version) }
}

function readAll(files: readonly string[]): PageGiven {
  return { documents: files.map(readDocument), names: files.map((file) => basename(file)) }
}

function readDocument(file: string): object {
  const hint = 'give a report document, as --json writes it'
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  if (size > MOST_BYTES) throw new UsageError(`${file}: ${Math.round(size / 1e6)} MB is no report document; ${hint}`)
  const document = readJson(file, { what: file, hint })
  const { kind, version } = schemaOf(document)
  const newest = NEWEST.get(kind)
  if (newest !== undefined && version <= newest) return document as object
  if (newest !== undefined)
    throw new UsageError(`${file}: version ${version} of the document is newer than this whyslow; update whyslow`)
  throw new UsageError(`${file}: ${otherwise(kind) ?? `this is not a report document; ${hint}`}`)
}

/** What a document of this tool is that the page does not draw. */
function otherwise(kind: string): string | undefined {
  if (kind === 'evidence') return 'this is evidence; whyslow explain makes a report of it, as a page with --html report.html'
  return kind === '' ? undefined : `a document of the kind ${kind.replaceAll('-', ' ')} has no page yet`
}
