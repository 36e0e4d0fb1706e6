// Work of several commands: each waits for the answer before it, and whole ones are counted.

import { expect, test } from 'vitest';
import { Courses } from '../../bench/courses.ts';
import { Exchange } from '../../bench/exchange.ts';
import { HASH_DIGITS, HASH_PLACE, numberPlace, template } from '../../bench/frame-template.ts';
import { Meter } from '../../bench/meter.ts';
import { RawSocket } from '../../bench/raw-socket.ts';
import { manifestStart } from '../../bench/reply.ts';
import { decodeRequest, encodeReply } from '../../protocol/codec.ts';
import type { Outcome } from '../../protocol/rejects.ts';

const HEADER_BYTES = 6;

/** Courses of two steps, and what they sent: `course.step`. */
function rig(count = 2) {
  const exchange = new Exchange(new Meter());
  const socket = new RawSocket(exchange);
  const sent: string[] = [];
  const heard: string[] = [];
  const frame = template('session.ping', {});
  const courses = new Courses(exchange, {
    courses: count,
    steps: 2,
    frame: (course, step) => {
      sent.push(`${course}.${step}`);
      return frame;
    },
    answered: (course, step) => heard.push(`${course}.${step}`),
  });
  exchange.onAnswer = courses.answered;
  let answered = 0;
  const answer = (outcome: Outcome) => {
    const reply = Buffer.from(encodeReply(answered++, outcome, {}));
    exchange.frame(socket, reply, 0, reply.length);
  };
  return { courses, sent, heard, answer, send: () => courses.source(socket, exchange.nowMs) };
}

test('a step is sent when the one before is answered, and then the course begins anew', () => {
  const { courses, sent, heard, answer, send } = rig();
  send();
  send();
  send();
  expect(sent).toEqual(['0.0', '1.0']);
  answer('ok');
  send();
  answer('ok');
  answer('ok');
  expect(courses.done).toBe(1);
  send();
  send();
  expect(sent).toEqual(['0.0', '1.0', '0.1', '1.1', '0.0']);
  expect(heard).toEqual(['0.0', '1.0', '0.1']);
});

test('of those asked for at the start, every second one waits for a first step to be done', () => {
  const { sent, answer, send } = rig(5);
  for (let ask = 0; ask < 4; ask++) send();
  expect(sent).toEqual(['0.0', '1.0']);
  answer('ok');
  send();
  expect(sent).toEqual(['0.0', '1.0', '2.0', '0.1']);
  answer('ok');
  send();
  expect(sent).toEqual(['0.0', '1.0', '2.0', '0.1', '3.0', '1.1']);
  answer('ok');
  send();
  expect(sent.at(-1)).toBe('2.1');
});

test('a step that found the server unavailable is sent again', () => {
  const { courses, sent, answer, send } = rig();
  send();
  answer('unavailable');
  send();
  expect(sent).toEqual(['0.0', '0.0']);
  expect(courses.refused).toBe(0);
});

test('a course with a refused step is given up, counted and never resumed', () => {
  const { courses, sent, answer, send } = rig();
  send();
  answer('rejected');
  send();
  answer('ok');
  send();
  answer('ok');
  send();
  expect(sent).toEqual(['0.0', '1.0', '1.1', '1.0']);
  expect(courses.refused).toBe(1);
  expect(courses.whyRefused()).toContain('rejected');
});

test('a manifest is read from a reply and put into the frame that confirms it', () => {
  const manifest = '0123456789abcdef'.repeat(4);
  const reply = Buffer.from(encodeReply(1, 'ok', { window: 7, status: 'review', manifest }));
  const start = manifestStart(reply, 0);
  expect(reply.toString('latin1', start, start + HASH_DIGITS)).toBe(manifest);
  const frame = template('windows.confirm', { window: numberPlace(1), manifest: HASH_PLACE });
  frame.id(1);
  frame.number(1, 7);
  frame.hash(reply, start);
  expect(decodeRequest(frame.bytes.subarray(HEADER_BYTES))).toMatchObject({
    payload: { window: 7, manifest },
  });
});
