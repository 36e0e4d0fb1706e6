import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { beganAt, thisPlace } from '../../src/database/process-life.ts';

test('a process has one beginning for as long as it lives, and none afterwards', () => {
  expect(beganAt(process.pid)).not.toBeNull();
  expect(beganAt(process.pid)).toBe(beganAt(process.pid));
  expect(beganAt(process.pid)).not.toBe(beganAt(process.ppid));
  expect(beganAt(spawnSync(process.execPath, ['-e', '']).pid)).toBeNull();
});

test.runIf(process.platform === 'linux')(
  'a process that has ended and that nobody has noticed is none',
  async () => {
    // The one that sleeps longer takes the place of the shell, and does not know its child.
    const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 20']);
    onTestFinished(() => void parent.kill());
    const pid = Number(await new Promise(resolve => parent.stdout.once('data', resolve)));
    expect(beganAt(pid)).not.toBeNull();
    const state = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[2];
    while (state() !== 'Z') await new Promise(resolve => setTimeout(resolve, 10));
    expect(beganAt(pid)).toBeNull();
  },
);

test.runIf(process.platform === 'linux')('a place is one boot and one space of numbers', () => {
  const { scope } = thisPlace();
  expect(scope).toMatch(/^[\w-]{36} pid:\[\d+\]$/);
});
