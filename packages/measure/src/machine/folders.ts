// Where this machine's user keeps what programs measured: XDG Base Directory Specification on Linux, ~/Library on macOS, %LOCALAPPDATA%
// on Windows. https://specifications.freedesktop.org/basedir-spec/latest/
import os from 'node:os'
import { isAbsolute, join, parse } from 'node:path'

/** The user's cache folder for whyslow: what is there can be measured again. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (platform === 'win32') return join(localAppData(env), 'whyslow', 'cache')
  if (platform === 'darwin') return join(homeFolder(), 'Library', 'Caches', 'whyslow')
  return join(xdg(env.XDG_CACHE_HOME) ?? join(homeFolder(), '.cache'), 'whyslow')
}

/** The user's data folder for whyslow: what is there is theirs. */
export function dataFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (platform === 'win32') return join(localAppData(env), 'whyslow')
  if (platform === 'darwin') return join(homeFolder(), 'Library', 'Application Support', 'whyslow')
  return join(xdg(env.XDG_DATA_HOME) ?? join(homeFolder(), '.local', 'share'), 'whyslow')
}

/** The root if the user has none. */
export const homeFolder = (): string => knownHome() ?? parse(process.cwd()).root

/** null: the user has none, without HOME and by a number that the system does not know, as containers are started. */
export function knownHome(): string | null {
  try {
    const home = os.homedir()
    return isAbsolute(home) ? home : null
  } catch {
    return null
  }
}

const localAppData = (env: NodeJS.ProcessEnv): string => env.LOCALAPPDATA ?? join(homeFolder(), 'AppData', 'Local')

/** The specification says to ignore a path that is not absolute. */
const xdg = (folder: string | undefined): string | undefined => (folder !== undefined && isAbsolute(folder) ? folder : undefined)
