// A certificate for 127.0.0.1 that nobody vouches for but itself, made anew for each test.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Whether there is a program that makes certificates. */
export const hasOpenssl = (() => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** Its files are gone when the test is over. */
export function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'tradepost-certificate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const certFile = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  const subject = ['-subj', '/CN=tradepost test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', keyFile, '-out', certFile];
  const all = ['req', '-x509', '-days', '2', ...key, ...subject, ...files];
  execFileSync('openssl', all, { stdio: 'ignore' });
  return { certFile, keyFile };
}
