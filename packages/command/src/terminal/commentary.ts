// What a command that tries remedies says while it works: a line of progress on standard error, and above it, on standard output,
// the diagnosis and each trial in the order in which they were found.

import type { TrialRow } from '@whyslow/report/documents/trial-row.ts'
import { sentenceOf } from '@whyslow/report/text/answers/answer-command.ts'
import type { Colours } from '@whyslow/report/text/page.ts'
import { trialLines } from '@whyslow/report/text/trials.ts'
import { wrap } from '@whyslow/report/text/wrap.ts'
import picocolors from 'picocolors'
import type { StageProgress } from '../progress.ts'
import { type Loudness, openProgress } from './progress.ts'
import type { Screen } from './screen.ts'

export interface Commentary {
  /** For the options of a stage. */
  readonly listeners: {
    onProgress(progress: StageProgress): void
    onDiagnosis(sentence: string): void
    onPlan(sentence: string): void
    onTrial(trial: TrialRow): void
  }
  paragraph(sentence: string): void
  /** Lines of a trial that is not of a model. */
  trial(lines: (width: number, colours: Colours) => readonly string[]): void
  /** Takes the line of progress away, and resolves when everything is printed. */
  end(): Promise<void>
}

/** `aloud`: whether there is more than progress; standard output may be for a document. */
export function openCommentary(screen: Screen, { aloud, ...loudness }: Loudness & { readonly aloud: boolean }): Commentary {
  const progress = openProgress(screen, loudness)
  const colours = picocolors.createColors(screen.colour)
  let said = Promise.resolve()
  const say = (text: string) => {
    screen.follower?.progress({ stage: text.trim(), done: 0, of: 1, isNotice: true })
    if (!aloud) return
    progress.clear()
    said = said.then(() => screen.print(text))
  }
  const paragraph = (sentence: string) => say(`${wrap(sentence, screen.width).join('\n')}\n\n`)
  return {
    listeners: {
      onProgress: progress.show,
      // Its command is for a reader who has not begun: this one tries remedies already.
      onDiagnosis: (sentence) => paragraph(sentenceOf(sentence)),
      onPlan: (sentence) => say(`\n${wrap(sentence, screen.width).join('\n')}\n`),
      onTrial: (trial) => say(`${trialLines(trial, screen.width, colours).join('\n')}\n`),
    },
    paragraph,
    trial: (lines) => say(`${lines(screen.width, colours).join('\n')}\n`),
    async end() {
      progress.clear()
      await said
    },
  }
}
