/** Which study one is in, and the others that one is a member of. */
import { MenuItemLink } from "../display/links";
import { Button, Menu, Text } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Status } from "../display/Status";
import { sessionQuery } from "../session/session";
import { useStudy } from "../study/study";

export function StudySwitcher() {
  const study = useStudy();
  const { data: session } = useSuspenseQuery(sessionQuery);
  return (
    <Menu position="bottom-start" width={320}>
      <Menu.Target>
        <Button
          variant="default"
          size="sm"
          flex="none"
          rightSection={<IconChevronDown size={14} aria-hidden />}
          aria-label={`Study ${study.code}, ${study.detail.status}; switch study`}
        >
          <span>{study.code}</span>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {study.name} · your role: {study.role} · <Status of={study.detail.status} />
        </Menu.Label>
        <Menu.Divider />
        {session?.studies.map(({ id, code, name }) => (
          <MenuItemLink key={id} to="/studies/$study/today" params={{ study: code }}>
            <Text size="sm" fw={id === study.id ? 650 : 400}>
              {code}
            </Text>
            <Text size="xs" c="dimmed">
              {name}
            </Text>
          </MenuItemLink>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
