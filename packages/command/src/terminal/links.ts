// Links of a terminal (OSC 8) to the pages of findings, which come with the package. Given to terminals that are known to take them and to nothing
// else: others would show letters that nobody wrote.

import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Versions from which programs support links; https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda lists them. */
const PROGRAMS: Readonly<Record<string, readonly [number, number]>> = {
  'iTerm.app': [3, 1],
  WezTerm: [0, 0],
  vscode: [1, 72],
  ghostty: [0, 0],
}
const TERMINALS = /^(xterm-kitty|xterm-ghostty|alacritty|foot)/
const LEAST_VTE = 5000

/** Whether standard output shows links. `FORCE_HYPERLINK`, as other tools know it: 0 never, else always on a terminal. */
export function takesLinks(isTerminal: boolean, environment: Environment): boolean {
  const { NO_COLOR = '', CI, TERM = '', FORCE_HYPERLINK, TERM_PROGRAM = '', TERM_PROGRAM_VERSION = '' } = environment
  if (!isTerminal || NO_COLOR !== '' || CI || TERM === 'dumb') return false
  if (FORCE_HYPERLINK !== undefined) return FORCE_HYPERLINK !== '0'
  // They pass on what they were told to, and that is not known here.
  if (environment.TMUX || /^(screen|tmux)/.test(TERM)) return false
  if (environment.WT_SESSION) return true
  if (Number(environment.VTE_VERSION ?? 0) >= LEAST_VTE) return true
  const least = PROGRAMS[TERM_PROGRAM]
  if (least === undefined) return TERMINALS.test(TERM)
  const [major = 0, minor = 0] = TERM_PROGRAM_VERSION.split('.').map(Number)
  return major > least[0] || (major === least[0] && minor >= least[1])
}

const PAGES = new URL('../../../docs/findings/', compiledTwin(import.meta.url))

/** The page of a rule, as it comes with the package; null if there is none. */
export function fileOfRule(rule: string): string | null {
  if (!/^[a-z0-9-]+$/.test(rule)) return null
  const file = fileURLToPath(new URL(`${rule}.md`, PAGES))
  return existsSync(file) ? file : null
}

/** The address of a finding's page on this machine; null if there is none. */
export function pageOf(rule: string): string | null {
  const file = fileOfRule(rule)
  if (file === null) return null
  const url = pathToFileURL(file)
  // A terminal that shows another machine's session knows by the host that the file is not its own.
  return process.platform === 'win32' ? url.href : `file://${hostname()}${url.pathname}`
}
