// `whyslow MODEL`: measures one prediction, says why it is slow. Here: paths, files and what goes to the screen.

import { documentOutput } from '@whyslow/command/terminal/document-output.ts'
import { openLivePage } from '@whyslow/command/terminal/live-page.ts'
import { checkModel } from '@whyslow/command/terminal/model-flags.ts'
import { openProgress } from '@whyslow/command/terminal/progress.ts'
import { renderChromeTrace } from '@whyslow/report/text/chrome-trace.ts'
import { renderTerminal } from '@whyslow/report/text/terminal.ts'
import { formatEvidence } from '../evidence/file.ts'
import { type FlagsOf, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Runs the command. Throws UsageError or the stages' InputError before anything is measured where input or paths cannot be used. */
export async function runWhy(file: string, flags: FlagsOf<'why'>, { screen, signal, load }: Surroundings): Promise<void> {
  checkModel(file, flags)
  const files = { '--save-evidence': flags.saveEvidence, '--save-trace': flags.saveTrace }
  const output = documentOutput(flags, [file], files)
  const progress = openProgress(screen, flags)
  const { why, checkHistory, appendHistory, entryOf } = await load()
  if (flags.save) checkHistory()
  const page = flags.open ? await openLivePage({ screen, signal }, progress.show) : undefined
  const onProgress = page?.onProgress ?? progress.show
  const work = async () => {
    const measured = await why(file, { ...optionsOf('why', flags), onProgress, signal }).finally(progress.clear)
    signal.throwIfAborted()
    const report = page?.withPage(measured.report) ?? measured.report
    await output.write('--save-evidence', 'evidence', () => formatEvidence(measured.evidence))
    await output.write('--save-trace', 'trace', () => renderChromeTrace(report))
    if (flags.save) {
      const entry = entryOf(report)
      appendHistory(entry === null ? [] : [entry])
    }
    const text = () => renderTerminal(report, { ...screen, roofline: flags.roofline ?? false })
    await output.deliver(screen, { document: report, name: 'report document', text, others: flags.save ? ['history'] : [] })
    return report
  }
  const report = await (page?.around(work) ?? work())
  await page?.show(report)
}
