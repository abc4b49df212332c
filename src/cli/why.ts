// `whyslow MODEL`: measures one prediction, says why it is slow. Here: paths, files and what goes to the screen.
import { renderJson } from '../report/json.ts'
import { renderTerminal } from '../report/terminal.ts'
import { formatEvidence } from './evidence-file.ts'
import { checkModel, type ModelFlags, modelOptions } from './model-flags.ts'
import { openProgress } from './progress.ts'
import type { Screen } from './screen.ts'
import type { Stages } from './stages.ts'
import { UsageError } from './usage-error.ts'
import { checkFolder, checkTarget, type Target, writeTarget } from './write-file.ts'

/** The options of the command, parsed. */
export interface WhyFlags extends ModelFlags {
  readonly json?: string
  readonly saveEvidence?: string
  readonly save?: boolean
}

/** Runs the command. Throws UsageError or the stages' InputError before anything is measured where input or paths cannot be used. */
export async function runWhy(
  file: string,
  flags: WhyFlags,
  screen: Screen,
  signal: AbortSignal,
  load: () => Promise<Stages>,
): Promise<void> {
  checkModel(file, flags)
  const json = target(flags.json, '--json', file)
  const evidenceTarget = target(flags.saveEvidence, '--save-evidence', file)
  if (json !== undefined && json.path === evidenceTarget?.path) {
    throw new UsageError('--json and --save-evidence name the same file; give two names')
  }
  if (flags.saveInputs !== undefined) checkFolder(flags.saveInputs, '--save-inputs')
  const progress = openProgress(screen, flags.progress)
  const options = { ...modelOptions(flags), onProgress: progress.show, signal }

  const { why, checkHistory, appendHistory, entryOf } = await load()
  if (flags.save) checkHistory()
  const { report, evidence } = await why(file, options).finally(progress.clear)
  signal.throwIfAborted()

  const written: string[] = []
  if (json !== undefined) {
    writeTarget(json, renderJson(report), '--json')
    written.push(`report document: ${flags.json}`)
  }
  if (evidenceTarget !== undefined) {
    writeTarget(evidenceTarget, formatEvidence(evidence), '--save-evidence')
    written.push(`evidence: ${flags.saveEvidence}`)
  }
  if (flags.save) {
    const entry = entryOf(report)
    appendHistory(entry === null ? [] : [entry])
    written.push('history')
  }
  await screen.print(flags.json === '-' ? renderJson(report) : renderTerminal(report, screen))
  if (written.length > 0) screen.say(`whyslow: wrote ${written.join(', ')}\n`)
}

/** undefined where no file is asked for: the option is absent or '-', which is standard output. */
function target(path: string | undefined, flag: string, model: string): Target | undefined {
  if (path === undefined) return undefined
  if (path !== '-') return checkTarget(path, flag, model)
  if (flag !== '--json') throw new UsageError(`${flag} -: only --json writes to standard output; give the name of a file`)
  return undefined
}
