// Progress while it measures: one line on standard error, rewritten in place and taken away at the end. Only on a terminal.

import type { StageProgress } from '../progress.ts'
import type { Screen } from './screen.ts'

export interface Progress {
  show(progress: StageProgress): void
  /** Takes the line away; a later `show` brings it back. */
  clear(): void
}

const clearLine = '\r\u001b[K'

/** How much a command says while it works, as typed. */
export interface Loudness {
  readonly progress: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
}

/** A line that follows the stages; silent if the screen cannot rewrite one or nobody wants it. Verbose: each stage is a line that stays. */
export function openProgress(
  screen: Pick<Screen, 'follower' | 'say' | 'showsProgress' | 'width'>,
  { progress: wanted, quiet = false, verbose = false }: Loudness,
): Progress {
  const { follower } = screen
  if (follower !== undefined) return { show: (progress) => follower.progress(progress), clear() {} }
  const notice = (stage: string) => screen.say(`whyslow: ${stage}\n`)
  if (quiet) return { show() {}, clear() {} }
  if (verbose) return eachStage(notice)
  if (!wanted || !screen.showsProgress) return { show: ({ stage, isNotice }) => isNotice && notice(stage), clear() {} }
  let shown = ''
  return {
    show({ stage, done, of, isNotice }) {
      if (isNotice) {
        screen.say(clearLine)
        shown = ''
        return notice(stage)
      }
      const counted = of > 1 ? ` ${Math.min(done, of)}/${of}` : ''
      const line = `${stage.slice(0, Math.max(0, screen.width - counted.length - 1))}${counted}`
      if (line === shown) return
      screen.say(clearLine + line)
      shown = line
    },
    clear() {
      if (shown !== '') screen.say(clearLine)
      shown = ''
    },
  }
}

/** A line for each stage as it begins, with the seconds since the start. */
function eachStage(say: (line: string) => void): Progress {
  const start = performance.now()
  let shown = ''
  return {
    show({ stage }) {
      if (stage !== shown) say(`${((performance.now() - start) / 1000).toFixed(1)} s: ${stage}`)
      shown = stage
    },
    clear() {},
  }
}
