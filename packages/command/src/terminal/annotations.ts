// Annotations of a job in GitHub Actions, which reads them from either output:
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
import type { Screen } from './screen.ts'

/** Says it next to the job's summary; elsewhere nothing. Standard output stays free for documents. */
export function annotate(level: 'warning' | 'error', text: string, screen: Pick<Screen, 'say'>): void {
  if (process.env.GITHUB_ACTIONS !== 'true') return
  const message = text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  screen.say(`::${level} title=whyslow::${message}\n`)
}
