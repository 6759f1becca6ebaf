// Asks before a page is left on which something was typed.
import { useLayoutEffect } from 'preact/hooks';
import { setLeaveGuard } from './router';

export function useUnsavedGuard(isChanged: boolean, question = 'Leave without saving?'): void {
  // Before the next event: what was typed last counts too.
  useLayoutEffect(() => {
    if (!isChanged) return;
    setLeaveGuard(() => window.confirm(question));
    return () => setLeaveGuard(null);
  }, [isChanged, question]);
}
