// `whyslow MODEL`: measures one prediction, says why it is slow. Here: paths, files and what goes to the screen.

import { formatEvidence } from '../evidence/file.ts'
import { renderTerminal } from '../report/text/terminal.ts'
import { documentOutput } from './document-output.ts'
import { checkModel, type ModelFlags, modelOptions } from './model-flags.ts'
import { openProgress } from './progress.ts'
import type { Surroundings } from './stages.ts'
import { UsageError } from './usage-error.ts'
import { checkTarget, writeTarget } from './write-file.ts'

/** The options of the command, parsed. */
export interface WhyFlags extends ModelFlags {
  readonly json?: string
  readonly saveEvidence?: string
  readonly save?: boolean
}

/** Runs the command. Throws UsageError or the stages' InputError before anything is measured where input or paths cannot be used. */
export async function runWhy(file: string, flags: WhyFlags, { screen, signal, load }: Surroundings): Promise<void> {
  checkModel(file, flags)
  const output = documentOutput(flags.json, file)
  if (flags.saveEvidence === '-')
    throw new UsageError('--save-evidence -: only --json writes to standard output; give the name of a file')
  const evidenceTarget = flags.saveEvidence === undefined ? undefined : checkTarget(flags.saveEvidence, '--save-evidence', file)
  if (output.path !== undefined && output.path === evidenceTarget?.path) {
    throw new UsageError('--json and --save-evidence name the same file; give two names')
  }
  const progress = openProgress(screen, flags.progress)
  const options = { ...modelOptions(flags), onProgress: progress.show, signal }

  const { why, checkHistory, appendHistory, entryOf } = await load()
  if (flags.save) checkHistory()
  const { report, evidence } = await why(file, options).finally(progress.clear)
  signal.throwIfAborted()

  const written: string[] = []
  if (evidenceTarget !== undefined) {
    writeTarget(evidenceTarget, formatEvidence(evidence), '--save-evidence')
    written.push(`evidence: ${flags.saveEvidence}`)
  }
  if (flags.save) {
    const entry = entryOf(report)
    appendHistory(entry === null ? [] : [entry])
    written.push('history')
  }
  const text = () => renderTerminal(report, screen)
  await output.deliver(screen, { document: report, name: 'report document', text, others: written })
}
