// The page while a command works: served on loopback, told of progress between timed blocks, and of the document once it is there.

import { withoutMark } from '@whyslow/measure/processes/end-process.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import { renderPage } from '@whyslow/report/html/html-page.ts'
import type { StageProgress } from '../progress.ts'
import { forwardHint, hasDesktop, openBrowser } from './page/open-browser.ts'
import { startView, type ViewServer } from './page/server.ts'
import { embed, readShell } from './page-shell.ts'
import type { Screen } from './screen.ts'
import { UsageError } from './usage-error.ts'

export interface PageGiven {
  readonly documents: readonly object[]
  /** The files that they are of. */
  readonly names: readonly string[]
}

/** Starts the server, says where it is, opens the browser where somebody is there to see it. UsageError if the port is taken. */
export async function servePage(
  given: PageGiven,
  screen: Screen,
  { port = 0, opens = true }: { port?: number; opens?: boolean },
): Promise<ViewServer> {
  const page = renderPage(readShell(), '{"served":true}', {
    title: 'whyslow',
    answer: 'This page is drawn by its script.',
    served: true,
  })
  const server = await startView(page, pageData(given), { port }).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(
      `--port ${port}: cannot listen on this port (${error.code ?? error.message}); choose another port, or none`,
    )
  })
  screen.say(`whyslow: ${server.url}\n`)
  const hint = forwardHint(process.env, server.port)
  if (hint !== null) screen.say(`whyslow: ${hint}\n`)
  if (opens && hasDesktop(screen.showsProgress, process.env, process.platform))
    openBrowser(server.urlForBrowser(), process.platform, withoutMark(process.env))
  return server
}

export const pageData = (given: PageGiven): { json: string } => ({ json: embed(given) })

/** Progress for the page, in addition to that for the terminal. Commands report it between timed blocks. */
const telling =
  (server: ViewServer, show: (progress: StageProgress) => void) =>
  (progress: StageProgress): void => {
    show(progress)
    server.tell({ measuring: progress, ended: null })
  }

/** The page of a command that was given --open. */
export interface OpenedPage {
  readonly onProgress: (progress: StageProgress) => void
  /** The report with a word about the page: a browser that paints takes a CPU for a moment, and who reads the number should know. */
  withPage(report: ReportDocument): ReportDocument
  /** Does the command's work; where it throws there will be no document, and the page ends. */
  around<T>(work: () => Promise<T>): Promise<T>
  /** Shows the document, and serves it until Ctrl-C. */
  show(document: object): Promise<void>
}

const SERVED = 'measured with --open: a page was served, which gets progress only between timed blocks'

/** Starts it, before anything is measured. `show`: progress for the terminal. */
export async function openLivePage(
  { screen, signal }: { readonly screen: Screen; readonly signal: AbortSignal },
  show: (progress: StageProgress) => void,
): Promise<OpenedPage> {
  const server = await servePage({ documents: [], names: [] }, screen, {})
  return {
    onProgress: telling(server, show),
    withPage: (report) => ({ ...report, warnings: [...report.warnings, SERVED] }),
    async around(work) {
      try {
        return await work()
      } catch (error) {
        await server.close()
        throw error
      }
    },
    async show(document) {
      server.show(pageData({ documents: [document], names: [] }))
      server.tell({ measuring: null, ended: null })
      screen.say('whyslow: Ctrl-C ends the page\n')
      await untilInterrupted(server, signal)
    },
  }
}

/** Until Ctrl-C, which is how a page that is served ends. */
export async function untilInterrupted(server: ViewServer, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  server.tell({ measuring: null, ended: 'whyslow has ended: the page keeps what it has' })
  await server.close()
}
