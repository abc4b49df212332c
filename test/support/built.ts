// Code that runs on the built command, in a process of its own.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ROOT } from '../root.ts'

/** For imports: '<DIST>/engines/index.js'. */
export const DIST = pathToFileURL(join(ROOT, 'dist')).href

/** What the code printed. An engine says nothing of itself there, as in a trial. */
export async function printedBy(code: string, argv: readonly string[] = []): Promise<string> {
  const env = { ...process.env, ORT_DISABLE_TELEMETRY: '1' }
  const child = spawn(process.execPath, ['--input-type=module', '-e', code, ...argv], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve(text))
  })
}
