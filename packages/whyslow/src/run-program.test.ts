import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../../../test/root.ts'
import { withCommandName } from './run-program.ts'

test.each([
  [['--', 'node', 'server.js']],
  [['--url', 'http://localhost:3000/', '--', 'npm', 'start', '--', '--port', '3000']],
  [['--json', 'watch.json', '--', './no-such-server']],
  [['--', process.execPath]],
])('what follows the dashes is a command of the user’s: %j', (argv) => {
  expect(withCommandName(argv)).toEqual(['watch', ...argv])
})

test.each([
  [[]],
  [['model.onnx']],
  [['--quick', 'model.onnx']],
  // A model whose name may begin with a dash.
  [['--quick', '--', join(ROOT, 'package.json')]],
  [['pipeline', 'script.py', '--', '--verbose']],
  [['--']],
])('and here it is not: %j', (argv) => expect(withCommandName(argv)).toEqual(argv))
