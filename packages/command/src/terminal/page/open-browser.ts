// The user's own browser, asked to open an address. Never if nobody sits at the machine. Every user of the machine can read the arguments
// of a process: the address is one that is of no use to others (`urlForBrowser` of server.ts).
import { spawn } from 'node:child_process'

type Environment = Readonly<Record<string, string | undefined>>

/** Whether there is somebody before a screen: not in continuous integration, not over SSH, on Linux with a display. */
export function hasDesktop(isTerminal: boolean, environment: Environment, platform: NodeJS.Platform): boolean {
  const { CI, SSH_CONNECTION, SSH_TTY, DISPLAY, WAYLAND_DISPLAY } = environment
  if (!isTerminal || CI || SSH_CONNECTION || SSH_TTY) return false
  return platform !== 'linux' || Boolean(DISPLAY || WAYLAND_DISPLAY)
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  // The empty word is the title of a window.
  win32: ['cmd', '/c', 'start', '""'],
}

/** `env`: the browser's, which may outlive this process. The address is printed as well: that no browser comes is no error. */
export function openBrowser(url: string, platform: NodeJS.Platform, env: NodeJS.ProcessEnv): void {
  const [command, ...words] = OPENERS[platform] ?? ['xdg-open']
  const child = spawn(command!, [...words, url], { stdio: 'ignore', detached: true, windowsHide: true, env })
  child.on('error', () => {})
  child.unref()
}

/** Over SSH a port has to be brought here first; null elsewhere. */
export function forwardHint({ SSH_CONNECTION }: Environment, port: number): string | null {
  const host = SSH_CONNECTION?.split(' ')[2]
  return host === undefined ? null : `from your own machine: ssh -L ${port}:127.0.0.1:${port} ${host}`
}
