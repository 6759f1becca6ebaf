// Three ways to put somebody into a static segment.
import { useState } from 'preact/hooks';
import type { Segment } from '../../../api/types';
import { Dialog } from '../../../ui/Dialog';
import { Button } from '../../../ui/Button';
import { Tabs } from '../../../ui/Tabs';
import { PasteMembers } from './PasteMembers';
import { SearchMembers } from './SearchMembers';
import { UploadMembers } from './UploadMembers';

const TABS = [
  { id: 'search', title: 'Search' },
  { id: 'paste', title: 'Paste a list' },
  { id: 'upload', title: 'Upload a CSV' },
] as const;

const CLOSE_QUESTION = 'Close without adding the list that you pasted?';

export interface AddMembersProps {
  segment: Segment;
  /** Somebody has been added: what shows members is out of date. */
  onAdded: () => void;
}

export function AddMembersDialog({
  segment,
  onAdded,
  onClose,
}: AddMembersProps & { onClose: () => void }) {
  const [tab, setTab] = useState<(typeof TABS)[number]['id']>('search');
  // Kept here: it stays while one looks at another tab.
  const [pasted, paste] = useState('');
  const [isWaiting, wait] = useState(false);
  const close = () => {
    if (!isWaiting || window.confirm(CLOSE_QUESTION)) onClose();
  };
  const added = () => {
    wait(false);
    onAdded();
  };
  return (
    <Dialog
      title={`Add members to “${segment.name}”`}
      onClose={close}
      wide
      actions={
        <Button onClick={close}>Close</Button>
      }
    >
      <div class="add-members">
        <Tabs label="Ways to add members" tabs={TABS} current={tab} onChange={setTab}>
          {tab === 'search' && <SearchMembers segment={segment} onAdded={onAdded} />}
          {tab === 'paste' && (
            <PasteMembers
              segment={segment}
              text={pasted}
              onText={(text) => {
                paste(text);
                wait(text.trim() !== '');
              }}
              onAdded={added}
            />
          )}
          {tab === 'upload' && <UploadMembers segment={segment} onAdded={onAdded} />}
        </Tabs>
      </div>
    </Dialog>
  );
}
