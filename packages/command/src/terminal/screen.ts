// The terminal that a command speaks to: how wide it is, whether it takes colour, and where its lines go.
import { relative } from 'node:path'
import type { StageProgress } from '../progress.ts'
import { pageOf, takesLinks } from './links.ts'
import { UsageError } from './usage-error.ts'

export interface Screen {
  readonly width: number
  readonly colour: boolean
  /** How this command was called, for the commands to type next; absent: by its name. */
  readonly command?: string
  /** Where the page of a finding's rule is; absent if the terminal is not known to take links. */
  readonly pageOf?: (rule: string) => string | null
  /** Standard error is a terminal that can rewrite a line. */
  readonly showsProgress: boolean
  /** Takes as data what others read on the screen; absent: nobody does. */
  readonly follower?: Follower
  /** Standard output; resolves when the text has been handed on. A reader that went away is no error. */
  print(text: string): Promise<void>
  /** Standard error. */
  say(text: string): void
}

export interface Follower {
  progress(progress: StageProgress): void
  /** Resolves when it has been handed on. */
  document(document: object): Promise<void>
}

type Environment = Readonly<Record<string, string | undefined>>

const defaultWidth = 80
// Longer lines are hard to read.
const mostWidth = 100

/** Colour: never with NO_COLOR (https://no-color.org), always with FORCE_COLOR, else on a terminal that is not dumb. */
export function wantsColour(isTerminal: boolean, environment: Environment): boolean {
  if ((environment.NO_COLOR ?? '') !== '') return false
  const forced = environment.FORCE_COLOR ?? ''
  if (forced !== '') return forced !== '0'
  return isTerminal && environment.TERM !== 'dumb'
}

/** What replaces `whyslow` where it is no command of the shell: run by npx, by the repository's `npm start`, or as a file by Node. */
export function commandOf(script: string, cwd: string, environment: Environment): string {
  if (environment.npm_command === 'exec' || environment.npm_lifecycle_event === 'start') return 'npx whyslow'
  if (!script.endsWith('.js')) return 'whyslow'
  const path = relative(cwd, script)
  return `node ${path.startsWith('..') ? script : path}`
}

/** The screen of this process. */
export function processScreen(): Screen {
  const { stdout, stderr, env } = process
  return {
    width: stdout.isTTY ? Math.min(stdout.columns || defaultWidth, mostWidth) : defaultWidth,
    colour: wantsColour(stdout.isTTY === true, env),
    command: commandOf(process.argv[1] ?? '', process.cwd(), env),
    ...(takesLinks(stdout.isTTY === true, env) ? { pageOf } : {}),
    showsProgress: stderr.isTTY === true && env.TERM !== 'dumb',
    print: (text) =>
      new Promise((resolve, reject) => {
        stdout.write(text, (error) => {
          const code = (error as NodeJS.ErrnoException | null | undefined)?.code
          if (!error || code === 'EPIPE') resolve()
          else reject(new UsageError(`standard output cannot be written (${code ?? error.message})`))
        })
      }),
    say: (text) => void stderr.write(text),
  }
}
