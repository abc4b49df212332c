// `whyslow demo`: a model that comes with whyslow, diagnosed, fixed and proven, with a line between that says what is going on.
import fs from 'node:fs'
import path from 'node:path'
import { openCommentary } from '@whyslow/command/terminal/commentary.ts'
import { checkFolder } from '@whyslow/command/terminal/write-file.ts'
import { commandLine } from '@whyslow/report/text/shell-words.ts'
import { renderBrief } from '@whyslow/report/text/terminal.ts'
import { renderFix } from '@whyslow/report/text/trials.ts'
import { wrap } from '@whyslow/report/text/wrap.ts'
import type { FlagsOf } from './options/flags.ts'
import type { Surroundings } from './stages.ts'

/** Both within a minute. */
const BUDGET_SECONDS = 20

/** Keeps nothing without `-o`. Throws UsageError if its folder cannot be written. */
export async function runDemo({ out, progress }: FlagsOf<'demo'>, { screen, signal, load }: Surroundings): Promise<void> {
  if (out !== undefined) checkFolder(out, '-o')
  const { why, fix, inTemporaryFolder, writeDemoModel } = await load()
  const say = (text: string) => screen.print(`${wrap(text, screen.width).join('\n')}\n\n`)
  await inTemporaryFolder(async (temporary) => {
    const folder = out ?? temporary
    fs.mkdirSync(folder, { recursive: true })
    const file = writeDemoModel(folder)
    const kilobytes = Math.round(fs.statSync(file).size / 1000)
    await say(
      `A risk score, made by this command: a forest of 40 trees over 12 features, ${kilobytes} kB of ONNX, called for one row at a time as a service does. Why does a call take as long as it does?`,
    )
    const first = openCommentary(screen, { progress, aloud: true })
    const { report } = await why(file, { quick: true, onProgress: first.listeners.onProgress, signal }).finally(first.end)
    // The commands that findings lead to are for a file that is gone in a minute.
    const found = { ...report, findings: report.findings.map(({ run: _, ...finding }) => ({ ...finding, next: null })) }
    await screen.print(`${renderBrief(found, screen)}\n`)
    await say(
      'So much for the reason. Next, fix tries remedies: each is measured in turns with the original, in processes of its own, and kept only if it is faster beyond doubt and the outputs agree.',
    )
    const second = openCommentary(screen, { progress, aloud: true })
    const options = { out: path.join(folder, 'fast'), budgetSeconds: BUDGET_SECONDS, signal }
    const fixed = (await fix(file, { ...options, ...second.listeners, onDiagnosis: () => {} }).finally(second.end)).report
    const shown = out === undefined && fixed.fix ? { ...fixed, fix: { ...fixed.fix, shipped: null } } : fixed
    await screen.print(`\n${renderFix(shown, screen)}\n`)
    const typed = (...words: readonly string[]) => commandLine('', words, screen.command ?? 'whyslow')
    await say(
      fixed.fix?.proven === true
        ? `Proven: ${fixed.fix.changes.join('; ')}. The folder that fix writes has the faster model, code that calls it, and the proof.`
        : 'Nothing was proven this time, so the model would stay unchanged. On a busy machine that is the honest answer; whyslow doctor shows how quiet yours is.',
    )
    const kept = out === undefined ? '' : ` Kept: ${file}, ${options.out}.`
    await screen.print(`Yours: ${typed('model.onnx')}, then ${typed('fix', 'model.onnx', '-o', 'fast/')}.${kept}\n`)
  })
}
