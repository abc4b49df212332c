// Loops of Python and the NumPy expressions in their place, in a real interpreter: on arrays made to tell them apart, and on programs as they stand.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { replacePythonLoops } from '@whyslow/code/replace/python-loops.ts'
import { afterAll, describe, expect, test } from 'vitest'
import { needs } from '../needs.ts'
import { ROOT } from '../root.ts'

/** .ci/run names one that has NumPy. */
const python = process.env.WHYSLOW_TEST_PYTHON ?? 'python3'
const hasNumpy = spawnSync(python, ['-c', 'import numpy']).status === 0

const hasPandas = spawnSync(python, ['-c', 'import pandas']).status === 0

const folder = mkdtempSync(join(tmpdir(), 'whyslow-loops-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function replaced(text: string, call: string | null = null) {
  const file = join(folder, 'program.py')
  writeFileSync(file, text)
  return replacePythonLoops({ file, call, data: null, lines: null, interpreter: [python], budgetMs: 500, limitMs: 60_000 })
}

describe.skipIf(!hasNumpy)('Python loops', needs('an interpreter with NumPy'), () => {
  test('what is offered is equal on every array that was tried, and loops that depend on other elements are refused', () => {
    const script = join(ROOT, 'fixtures/python-loops/verify.py')
    const { stdout, stderr } = spawnSync(python, [script, join(ROOT, 'packages/code/src/replace/python')], { encoding: 'utf8' })
    const lines = stdout.trim().split('\n')
    const counted = lines.at(-1)!.match(/^offered (\d+), refused (\d+), compared (\d+), wrong (\d+)$/)
    expect(counted, `${stdout}${stderr}`).not.toBeNull()
    expect(Number(counted![4]), stdout).toBe(0)
    expect(Number(counted![1])).toBeGreaterThan(200)
    for (const name of ['shifted', 'running', 'reversed', 'carried']) expect(lines).toContain(`${name}: none`)
    // Python's integers have no end, and dividing by 0 raises.
    expect(lines.find((line) => line.startsWith('product:'))).not.toContain('list of int')
    expect(lines.find((line) => line.startsWith('quotient:'))).not.toContain('list of float')
  })

  test('a tutorial as it stands', async () => {
    const { replacements, failed } = await replaced(
      'import numpy as np\nimport time\na = np.random.rand(100000)\nb = np.random.rand(100000)\nc = []\ntic = time.time()\nfor i in range(100000):\n    c.append(a[i] * b[i])\nprint(time.time() - tic)\ntic = time.time()\nc = a * b\nprint(time.time() - tic)\n',
    )
    expect(failed).toBeNull()
    expect(replacements).toMatchObject([
      { line: 7, function: null, code: ['c = a[:100000] * b[:100000]'], equal: 'bits', on: '100,000 elements of float64' },
    ])
    expect(replacements[0]!.factorLow).toBeGreaterThan(2)
  })

  test('in a function, with lists: what they become is in the lines to paste', async () => {
    const { replacements, refused } = await replaced(
      'def samples():\n    return [[k / 3 for k in range(20000)]]\n\ndef predict(x):\n    y = []\n    for v in x:\n        y.append(v * 2 + 1)\n    z = [1 / v for v in y]\n    return z[-1]\n',
    )
    expect(replacements).toMatchObject([
      { line: 6, function: 'predict', code: ['x = np.asarray(x)  # once, where it is made', 'y = x * 2 + 1'], equal: 'bits' },
    ])
    expect(refused).toContainEqual(expect.objectContaining({ line: 8, reason: expect.stringContaining('ZeroDivisionError') }))
  })

  test('loops of a module that the program imports', async () => {
    const module = join(folder, 'features.py')
    writeFileSync(
      module,
      'import numpy as np\n\ndef scaled(x):\n    out = []\n    for v in x:\n        out.append(v * 2)\n    return out\n',
    )
    const file = join(folder, 'service.py')
    writeFileSync(
      file,
      'import numpy as np\nfrom features import scaled\n\ndef samples():\n    return [np.arange(20000.0)]\n\ndef predict(x):\n    return scaled(x)[-1]\n',
    )
    const question = { file, call: null, data: null, interpreter: [python], budgetMs: 500, limitMs: 60_000 }
    const { replacements, failed } = await replacePythonLoops({ ...question, lines: [], modules: [{ file: module, lines: [5] }] })
    expect(failed).toBeNull()
    // Whoever is given it back may need a list.
    expect(replacements).toMatchObject([{ file: module, line: 5, code: ['out = (x * 2).tolist()'], equal: 'bits' }])
  })

  test('a list that what follows may need is made one again; to pick elements, go through it or hand it to NumPy, an array will do', async () => {
    const { replacements } = await replaced(
      'import json\nimport numpy as np\na = np.arange(50000.0)\nxs = a.tolist()\none = [v / 3 * v - 1 for v in xs]\nsize = len(json.dumps(one))\nf = a.astype(np.float32)\ntwo = []\nfor v in f:\n    two.append(v * v)\nmore = two + [1.0]\nthree = [v * v - v for v in f]\nprint(len(three), three[0], three[:3], [v for v in three], np.sum(three))\n',
    )
    const said = 'made a list again, for what comes after it'
    expect(replacements).toMatchObject([
      {
        line: 5,
        code: ['xs = np.asarray(xs)  # once, where it is made', 'one = (xs / 3 * xs - 1).tolist()'],
        on: expect.stringContaining(said),
      },
      { line: 9, code: ['two = list(f * f)'], on: expect.stringContaining(said) },
      { line: 12, code: ['three = f * f - f'], on: expect.not.stringContaining(said) },
    ])
  })

  test('a script is run as it was measured: with its arguments, and whatever it calls predict', async () => {
    const file = join(folder, 'script.py')
    writeFileSync(
      file,
      'import sys\nimport numpy as np\na = np.arange(float(sys.argv[1]))\ndef predict(x, w):\n    return x @ w\nc = []\nfor v in a:\n    c.append(v * 2)\n',
    )
    const question = { file, call: null, data: null, lines: null, interpreter: [python], budgetMs: 500, limitMs: 60_000 }
    const answer = await replacePythonLoops({ ...question, isScript: true, arguments: ['20000'] })
    expect(answer).toMatchObject({ failed: null, ran: true, replacements: [{ line: 7, code: ['c = a * 2'] }] })
  })

  test('a file of a package, which its package imports', async () => {
    const parts = {
      __init__: 'from .service import predict\n',
      beside: 'import numpy as np\n\nx = np.arange(20000.0)\n',
      service:
        'import numpy as np\nfrom .beside import x\nimport beside\n\ndef predict():\n    out = []\n    for v in x:\n        out.append(v * 2)\n    return out\n',
    }
    mkdirSync(join(folder, 'app'))
    for (const [name, text] of Object.entries(parts)) writeFileSync(join(folder, 'app', `${name}.py`), text)
    const question = { call: null, data: null, lines: null, interpreter: [python], budgetMs: 500, limitMs: 60_000 }
    const { replacements, failed } = await replacePythonLoops({ ...question, file: join(folder, 'app/service.py') })
    expect(failed).toBeNull()
    expect(replacements).toMatchObject([{ line: 7, code: ['out = (x * 2).tolist()'], equal: 'bits' }])
  })

  test('numbers that no loop counts by may be others another day', async () => {
    const arrays = 'import numpy as np\nx = np.arange(5000) + 1.5\n'
    const { replacements, refused } = await replaced(
      `${arrays}w = x.tolist()\ntotal = sum(w)\nparts = [v / total for v in w]\nmean = x.mean()\ny = [v - mean for v in x]\nk = 2\np = [v ** k for v in w]\ns = 0.0\nfor v in x:\n    s += v * k\n`,
    )
    expect(replacements.map(({ line, code }) => [line, code])).toEqual([
      [7, ['y = x - mean']],
      [11, [expect.stringMatching(/^s \+= np\.sum\(x \* k\)$/)]],
    ])
    expect(refused).toContainEqual(expect.objectContaining({ line: 5, reason: expect.stringContaining('ZeroDivisionError') }))
    expect(refused).toContainEqual(expect.objectContaining({ line: 9 }))
  })

  test('pictures, channels last to channels first', async () => {
    const { replacements } = await replaced(
      'import numpy as np\nimg = np.random.default_rng(0).integers(0, 255, (20, 30, 3)).astype(np.uint8)\nout = np.zeros((3, 20, 30), np.float32)\nfor y in range(20):\n    for x in range(30):\n        for c in range(3):\n            out[c, y, x] = img[y, x, c] / 255.0\n',
    )
    expect(replacements[0]!.code).toEqual(['out[:3, :20, :30] = np.transpose(img[:20, :30, :3], (2, 0, 1)) / 255.0'])
  })

  test.each([
    [
      'memory that overlaps',
      'a = np.arange(9.0)\nc = a[1:]\nfor i in range(8):\n    c[i] = a[i] * 2\n',
      'lie in the same memory',
    ],
    [
      'a name that is used later',
      'a = np.arange(9.0)\nc = np.zeros(9)\nfor i in range(9):\n    c[i] = a[i]\nprint(i)\n',
      'i is used after the loop',
    ],
    ['a call', 'a = np.arange(9.0)\nc = np.zeros(9)\nfor i in range(9):\n    c[i] = abs(hash(a[i]))\n', 'it calls hash'],
    ['ragged rows', 'a = [[1.0], [2.0, 3.0]]\nc = []\nfor x in a:\n    c.append(x * 2)\n', 'a is a list of list'],
    ['objects', 'a = np.array([1, None], object)\nc = []\nfor x in a:\n    c.append(x == 1)\n', 'elements of type object'],
  ])('%s is refused, with the reason', async (_, text, reason) => {
    const { replacements, refused } = await replaced(`import numpy as np\n${text}`)
    expect(replacements).toEqual([])
    expect(refused[0]!.reason).toContain(reason)
  })

  test('arrays that grow, and rows of DataFrames: what is offered is equal on other values than it was proven on', () => {
    const script = join(ROOT, 'fixtures/python-loops/verify_rewrites.py')
    const { stdout, stderr } = spawnSync(python, [script, join(ROOT, 'packages/code/src/replace/python')], { encoding: 'utf8' })
    const lines = stdout.trim().split('\n')
    const counted = lines.at(-1)!.match(/^offered (\d+), refused (\d+), compared (\d+), wrong (\d+)$/)
    expect(counted, `${stdout}${stderr}`).not.toBeNull()
    expect(Number(counted![4]), stdout).toBe(0)
    expect(Number(counted![1])).toBeGreaterThan(hasPandas ? 190 : 110)
    for (const name of ['reads', 'counts', 'twice', ...(hasPandas ? ['row-whole', 'row-kept'] : [])])
      expect(lines).toContain(`${name}: none`)
  }, 120_000)

  test('an array that grows by arithmetic is one expression; by anything else, a list that becomes it once', async () => {
    const { replacements } = await replaced(
      'import numpy as np\na = np.random.rand(3000)\nx = np.array([])\nfor v in a:\n    x = np.append(x, v * 2)\ny = np.zeros((0, 200))\nfor v in a[:600]:\n    y = np.vstack((y, [v] * 200))\n',
    )
    expect(replacements).toMatchObject([
      { line: 4, form: 'numpy', equal: 'bits', code: ['grown = a * 2', 'if len(grown):', '    x = np.append(x, grown)'] },
      {
        line: 7,
        form: 'python',
        equal: 'bits',
        code: ['grown = []', 'for v in a[:600]:', '    grown.append([v] * 200)', 'if grown:', '    y = np.vstack([y, *grown])'],
      },
    ])
  })

  test.skipIf(!hasPandas)(
    'rows of a DataFrame become columns, or rows of one array where more is done with them',
    needs('an interpreter with pandas'),
    async () => {
      const { replacements } = await replaced(
        'import numpy as np\nimport pandas as pd\ndf = pd.DataFrame({"price": np.random.rand(500), "count": np.arange(500)})\nout = []\nfor _, row in df.iterrows():\n    out.append(row["price"] * row["count"])\nfor _, row in df.iterrows():\n    out.append(str(row["price"]))\nt = df.apply(lambda row: row["price"] / (1 + row["count"]), axis=1)\n',
      )
      expect(replacements.map(({ line, form }) => [line, form])).toEqual([
        [5, 'numpy'],
        [7, 'python'],
        [9, 'numpy'],
      ])
      expect(replacements[0]!.code).toEqual([
        "price = df['price'].to_numpy()",
        "count = df['count'].to_numpy('float64')",
        'out = price * count',
      ])
      expect(replacements[1]!.code.slice(0, 2)).toEqual([
        "price_at = df.columns.get_loc('price')",
        'for _, row in zip(df.index, df.to_numpy()):',
      ])
      expect(replacements[2]!.code.at(-1)).toBe('t = pd.Series(price / (1 + count), index=df.index)')
    },
  )

  test.each([
    [
      'it is read while it grows',
      'a = np.arange(9.0)\nx = np.zeros(1)\nfor v in a:\n    if x[-1] < 3:\n        x = np.append(x, v)\n',
      'x is read while it grows',
    ],
    [
      'a function beside it sees it',
      'a = np.arange(9.0)\nx = np.zeros(1)\ndef show():\n    return x.sum()\nfor v in a:\n    show()\n    x = np.append(x, v)\n',
      'x is read by a function outside the loop',
    ],
    [
      'a try around it',
      'a = np.arange(9.0)\nx = np.zeros(1)\ntry:\n    for v in a:\n        x = np.append(x, len(str(v)))\nexcept ValueError:\n    pass\n',
      'a try stands around it',
    ],
    [
      'what can be gone through once',
      'a = iter(range(9))\nx = np.zeros(1)\nfor v in a:\n    x = np.append(x, len(str(v)))\n',
      'something that can be gone through once',
    ],
  ])('an array that grows: %s is refused, with the reason', async (_, text, reason) => {
    const { replacements, refused } = await replaced(`import numpy as np\n${text}`)
    expect(replacements).toEqual([])
    expect(refused.map((one) => one.reason).join('; ')).toContain(reason)
  })

  test('a program that throws is said to; what ran before it is looked at', async () => {
    const { failed } = await replaced('import numpy as np\nx = 1 / 0\na = np.zeros(3)\nc = []\nfor v in a:\n    c.append(v)\n')
    expect(failed).toBe('ZeroDivisionError: division by zero')
  })
})
