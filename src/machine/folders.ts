// Where this machine's user keeps what programs measured: XDG Base Directory Specification on Linux, ~/Library on macOS, %LOCALAPPDATA%
// on Windows. https://specifications.freedesktop.org/basedir-spec/latest/
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** The user's cache folder for whyslow: what lies there can be measured again. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (platform === 'win32') return join(localAppData(env), 'whyslow', 'cache')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'whyslow')
  return join(xdg(env.XDG_CACHE_HOME) ?? join(homedir(), '.cache'), 'whyslow')
}

/** The user's data folder for whyslow: what lies there is theirs. */
export function dataFolder(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  if (platform === 'win32') return join(localAppData(env), 'whyslow')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'whyslow')
  return join(xdg(env.XDG_DATA_HOME) ?? join(homedir(), '.local', 'share'), 'whyslow')
}

const localAppData = (env: NodeJS.ProcessEnv): string => env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local')

/** The specification says to ignore a path that is not absolute. */
const xdg = (folder: string | undefined): string | undefined => (folder !== undefined && isAbsolute(folder) ? folder : undefined)
