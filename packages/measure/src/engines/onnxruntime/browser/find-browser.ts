// Which Chromium is driven: the one that is named, else the one that is installed.
import fs from 'node:fs'
import path from 'node:path'
import type { EngineOptions } from '../../types.ts'

/** As `--browser`, for those who always want the same. */
const BROWSER_VARIABLE = 'WHYSLOW_BROWSER'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge']

const PLACES: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA'].flatMap((variable) => {
    const folder = process.env[variable]
    return folder
      ? ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'].map((file) =>
          path.join(folder, file),
        )
      : []
  }),
}

export const BROWSER_FIX =
  process.platform === 'linux'
    ? 'apt-get install chromium, or name one with --browser PATH'
    : 'install Chrome, or name a Chromium with --browser PATH'

/** A path, or the reason why there is none. */
export function findBrowser({
  browser,
}: Pick<EngineOptions, 'browser'>): { readonly path: string } | { readonly reason: string } {
  const named = browser ?? process.env[BROWSER_VARIABLE]
  if (named) return fs.existsSync(named) ? { path: named } : { reason: `there is no browser at ${named}` }
  const folders = (process.env.PATH ?? '').split(path.delimiter)
  const candidates = [
    ...folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name))),
    ...(PLACES[process.platform] ?? []),
  ]
  const found = candidates.find((file) => fs.existsSync(file))
  return found ? { path: found } : { reason: 'no Chromium, Chrome or Edge was found' }
}
