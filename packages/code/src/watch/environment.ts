// The environment in which the user's command runs: its processes of Node and Python load the hooks before anything of their own, however
// deep the command starts them (npm, npx, cluster, workers).
import { delimiter } from 'node:path'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { SITE } from '@whyslow/measure/python/collector.ts'
import { WATCH_VARIABLE } from './records.ts'

const register = new URL('./register.js', compiledTwin(import.meta.url))

/** `folder`: where the hooks write. What the user set in the same variables is kept. */
export function watchedEnvironment(environment: NodeJS.ProcessEnv, folder: string): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: options = '', PYTHONPATH: path = '' } = environment
  return {
    ...environment,
    [WATCH_VARIABLE]: folder,
    NODE_OPTIONS: `${options} --import=${register.href}`.trim(),
    PYTHONPATH: path === '' ? SITE : `${SITE}${delimiter}${path}`,
  }
}
