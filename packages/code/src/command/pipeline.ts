// `whyslow pipeline FILE`: the user's own code, stage by stage and line by line. Here: paths, files and what goes to the screen.

import { documentOutput, measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { openLivePage } from '@whyslow/command/terminal/live-page.ts'
import { openProgress } from '@whyslow/command/terminal/progress.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { renderGap } from '@whyslow/report/text/gap/gap-text.ts'
import { renderPipeline } from '@whyslow/report/text/pipeline-text.ts'
import { collapsedStacks, speedscope } from '@whyslow/report/text/stacks.ts'
import { type FlagsOf, gapOptions, optionsOf } from './flags.ts'
import type { Surroundings } from './stages.ts'

/** Runs the command. Throws UsageError or InputError if the file, its samples or the arguments cannot be used, or if it fails. */
export async function runPipeline(
  [file, ...given]: readonly [string, ...string[]],
  flags: FlagsOf<'pipeline'>,
  around: Surroundings,
): Promise<void> {
  if (flags.explainGap) return explainTheGap(file, flags, around)
  const { screen, signal, load } = around
  const output = documentOutput(flags, [file], { '--save-profile': flags.saveProfile })
  const progress = openProgress(screen, flags)
  const page = flags.open ? await openLivePage({ screen, signal }, progress.show) : undefined
  const options = {
    ...optionsOf('pipeline', flags),
    arguments: given,
    onProgress: page?.onProgress ?? progress.show,
    signal,
  }
  const { pipeline } = await load()
  const work = async () => {
    const { evidence, report: measured } = await pipeline(file, options).finally(progress.clear)
    signal.throwIfAborted()
    const report = page?.withPage(measured) ?? measured
    await output.write('--save-profile', 'profile', () => {
      if (evidence.stacks === undefined)
        throw new UsageError(`--save-profile: there is no profile to write: ${evidence.absent.lines ?? 'none was made'}`)
      const isCollapsed = /\.(txt|folded|collapsed)$/.test(flags.saveProfile!)
      return isCollapsed ? collapsedStacks(evidence.stacks) : speedscope(evidence.stacks, report.pipeline?.file ?? file)
    })
    const text = () => renderPipeline(report, screen)
    await output.deliver(screen, { document: report, name: 'report document', text })
    return report
  }
  const report = await (page?.around(work) ?? work())
  await page?.show(report)
}

/** `--explain-gap`: the ladder from the application to a benchmark, in place of the report. */
async function explainTheGap(file: string, flags: FlagsOf<'pipeline'>, around: Surroundings): Promise<void> {
  if (flags.saveProfile !== undefined) throw new UsageError('--explain-gap makes no profile; leave --save-profile out')
  if (flags.open) throw new UsageError('--explain-gap shows no progress in a browser; leave --open out, and give --html gap.html')
  await measureAndDeliver(flags, around, {
    inputs: [file],
    name: 'gap document',
    run: ({ explainGap }, listeners) => explainGap(file, { ...gapOptions(flags), ...listeners }),
    text: (document) => renderGap(document, around.screen),
  })
}
