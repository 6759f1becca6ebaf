// What concerns every page: the server is away, or the session has ended. What was typed stays.
import { isReachable, tryNow } from '../api/connection';
import { Button } from '../ui/Button';
import { hasExpired, openSession } from './session';

export function Banners() {
  return (
    <div class="banners" role="status">
      {!isReachable.value && (
        <div class="banner">
          <span>
            <strong>The server cannot be reached.</strong> Nothing you typed is lost; trying again
            by itself.
          </span>
          <Button size="small" onClick={tryNow}>
            Try now
          </Button>
        </div>
      )}
      {hasExpired.value && (
        <div class="banner">
          <span>
            <strong>You have been logged out.</strong> Log in again in another tab with{' '}
            <code>segmentry login</code>, then go on here.
          </span>
          <Button size="small" onClick={() => void openSession()}>
            Go on
          </Button>
        </div>
      )}
    </div>
  );
}
