import { expect, test } from 'vitest'
import { formatReport } from '../../../src/cli/commands/doctor'

test('a report is one line a finding, with its repair below', () => {
  const text = formatReport({
    isUsable: false,
    findings: [
      { name: 'Node', status: 'ok', found: '20.20.2' },
      { name: 'torch', status: 'error', found: 'is not installed', repair: 'pip install torch==2.13.0' },
      { name: 'peft', status: 'warning', found: 'a\nb' },
    ],
  })
  expect(text.split('\n')).toEqual([
    'ok       Node   20.20.2',
    'ERROR    torch  is not installed',
    '                to repair: pip install torch==2.13.0',
    'warning  peft   a',
    '                b',
    '',
    'Something that is needed is missing.',
  ])
})
