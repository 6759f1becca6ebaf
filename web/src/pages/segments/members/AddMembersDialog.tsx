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
  return (
    <Dialog
      title={`Add members to “${segment.name}”`}
      onClose={onClose}
      wide
      actions={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <div class="add-members">
        <Tabs label="Ways to add members" tabs={TABS} current={tab} onChange={setTab}>
          {tab === 'search' && <SearchMembers segment={segment} onAdded={onAdded} />}
          {tab === 'paste' && <PasteMembers segment={segment} onAdded={onAdded} />}
          {tab === 'upload' && <UploadMembers segment={segment} onAdded={onAdded} />}
        </Tabs>
      </div>
    </Dialog>
  );
}
