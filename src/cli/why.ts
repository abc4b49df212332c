// `whyslow MODEL`: measures one prediction, says why it is slow. Here: paths, files and what goes to the screen.

import { formatEvidence } from '../evidence/file.ts'
import { renderChromeTrace } from '../report/text/chrome-trace.ts'
import { renderTerminal } from '../report/text/terminal.ts'
import { documentOutput } from './document-output.ts'
import { openedPage } from './live-page.ts'
import { checkModel } from './model-flags.ts'
import { type FlagsOf, optionsOf } from './options/flags.ts'
import { openProgress } from './progress.ts'
import type { Surroundings } from './stages.ts'
import { UsageError } from './usage-error.ts'
import { checkTarget, type Target, writeTarget } from './write-file.ts'

/** Runs the command. Throws UsageError or the stages' InputError before anything is measured where input or paths cannot be used. */
export async function runWhy(file: string, flags: FlagsOf<'why'>, { screen, signal, load }: Surroundings): Promise<void> {
  checkModel(file, flags)
  const output = documentOutput(flags, file)
  if (flags.saveEvidence === '-')
    throw new UsageError('--save-evidence -: only --json writes to standard output; give the name of a file')
  const evidenceTarget = flags.saveEvidence === undefined ? undefined : checkTarget(flags.saveEvidence, '--save-evidence', file)
  if (evidenceTarget !== undefined && output.paths.includes(evidenceTarget.path)) {
    throw new UsageError('--save-evidence names the same file as --json or --html; give two names')
  }
  const trace = traceTarget(flags.saveTrace, file, [
    ...output.paths,
    ...(evidenceTarget === undefined ? [] : [evidenceTarget.path]),
  ])
  const progress = openProgress(screen, flags.progress)
  const { why, checkHistory, appendHistory, entryOf } = await load()
  if (flags.save) checkHistory()
  const page = flags.open ? await openedPage({ screen, signal }, progress.show) : undefined
  const onProgress = page?.onProgress ?? progress.show
  const work = async () => {
    const measured = await why(file, { ...optionsOf('why', flags), onProgress, signal }).finally(progress.clear)
    signal.throwIfAborted()
    const report = page?.withPage(measured.report) ?? measured.report
    const written: string[] = []
    if (evidenceTarget !== undefined) {
      writeTarget(evidenceTarget, formatEvidence(measured.evidence), '--save-evidence')
      written.push(`evidence: ${flags.saveEvidence}`)
    }
    if (trace !== undefined) {
      writeTarget(trace, renderChromeTrace(report), '--save-trace')
      written.push(`trace: ${flags.saveTrace}`)
    }
    if (flags.save) {
      const entry = entryOf(report)
      appendHistory(entry === null ? [] : [entry])
      written.push('history')
    }
    const text = () => renderTerminal(report, { ...screen, roofline: flags.roofline ?? false })
    await output.deliver(screen, { document: report, name: 'report document', text, others: written })
    return report
  }
  const report = await (page?.around(work) ?? work())
  await page?.show(report)
}

/** Where --save-trace writes, tried out before anything is measured; UsageError as of `checkTarget`, or where it names another's file. */
export function traceTarget(path: string | undefined, input: string, taken: readonly string[]): Target | undefined {
  if (path === undefined) return undefined
  if (path === '-') throw new UsageError('--save-trace -: only --json writes to standard output; give the name of a file')
  const target = checkTarget(path, '--save-trace', input)
  if (taken.includes(target.path)) throw new UsageError('--save-trace names a file that another flag writes; give two names')
  return target
}
