// The command that a finding leads to, so that it can be pasted: the model as its user names it, and what this run was told of inputs
// and engine, or the next one would measure something else.
import type { Flag } from '../evidence/evidence.ts'
import { quoted } from '../report/text/wrap.ts'

/** `template`: of a rule, with `MODEL`, and `SAMPLES` where data is needed. A flag that it sets itself is not given again. */
export function commandToType(template: string, file: string, given: readonly Flag[]): string {
  const [command, ...rest] = template.split(/\bMODEL\b/)
  if (rest.length === 0) return template
  const data = given.find(({ flag }) => flag === '--data')
  const told = rest.join('MODEL').replace(/\bSAMPLES\b/, (word) => (data === undefined ? word : quoted(data.value)))
  const flags = given.filter((one) => !sets(told, one) && !(one.flag === '--engine' && command === 'whyslow compare '))
  return [`${command}${quoted(file)}${told}`, ...flags.map(({ flag, value }) => `${flag} ${quoted(value)}`)].join(' ')
}

/** Of the flags that can be given several times, each name is one. A new shape does not fit the data. */
function sets(told: string, { flag, value }: Flag): boolean {
  if (flag === '--data' && told.includes(' --shape ')) return true
  const named = ['--shape', '--value', '--config'].includes(flag) ? `${flag} ${value.split('=')[0]}=` : `${flag} `
  return `${told} `.includes(` ${named}`)
}
